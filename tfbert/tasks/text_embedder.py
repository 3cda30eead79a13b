"""TextEmbedder: text to vectors."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.checkpoints.sentence_folder import SentenceSettings, read_sentence_settings, write_sentence_settings
from tfbert.config import BertConfig
from tfbert.layers.sentence_pooling import SentencePooling, unit_length
from tfbert.models.bert_model import TFBertModel
from tfbert.option_checks import check_choice, check_count, check_flag
from tfbert.tasks.base.attention_mask import attention_mask_of
from tfbert.tasks.base.embedding_layers import dense_layer, stored_dense, width_after
from tfbert.tasks.base.similarity_task import SimilarityTask
from tfbert.tasks.similarity import SIMILARITIES
from tfbert.tokenization.settings.tokenizer_settings import TokenizerSettings
from tfbert.training.losses.vector_checks import COLUMNS


@keras.saving.register_keras_serializable(package="tfbert")
class TextEmbedder(SimilarityTask):
    """Text in, one vector a text out.

    Called on text [B] it returns `embedding` float32 [B, D]: hidden states are pooled, go through the dense layers if
    there are some, are normalised, cut to `truncate_dim`, and normalised again with `normalize_embeddings`.

    `fit` takes, by the columns that it is given:

    - pairs, `{"text": …, "text_pair": …}`, with a similarity from -1 to 1 for each, which the cosine of the two vectors
      has to meet;
    - pairs alone, texts and what belongs to them: each text has to find its own among those of the batch
      (`MultipleNegativesRankingLoss`; the larger the batch, the better);
    - triplets, `{"text": …, "text_pair": …, "negative": …}`: as pairs, with further texts not to be taken; or, with
      `compile(loss=TripletLoss())`, two distances compared.

    Args:
        model: `TFBertModel`.
        tokenizer: `FastBertTokenizer`.
        pooling: str or sequence of str, default "mean". "cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean",
            "lasttoken", or several joined, such as "mean+max"; see `SentencePooling`.
        normalize: bool, default True. Scale vectors to length 1, before they are cut.
        normalize_embeddings: bool, default False. Scale what is left of vectors to length 1, after they are cut.
        truncate_dim: int or None. How many of the first dimensions to keep.
        prompt: str or None. Put before every text; "" is none, None is the one that `prompt_name` names.
        prompt_name: str or None. A key of `prompts`.
        prompts: dict from name to text.
        include_prompt: bool, default True. Whether the tokens of a prompt, and [CLS] before it, are pooled too.
        similarity_fn_name: str, default "cosine". What `similarity` and `search` compare by: "cosine", "dot",
            "euclidean" or "manhattan".
        dense: sequence of `keras.layers.Dense`, which follow the pooling.
        **kwargs: `name` of the Keras model.

    Raises:
        ValueError: If an option is out of range, there is no such prompt, or a dense layer is for another width.

    Example:
        >>> embedder = TextEmbedder.from_pretrained("path/to/all-MiniLM-L6-v2")  # doctest: +SKIP
        >>> embedder.predict(["The cat sits outside."])["embedding"].shape  # doctest: +SKIP
        (1, 384)
        >>> embedder.search("Where is the cat?", ["The cat sits outside.", "It rains."], top_k=1)  # doctest: +SKIP
        [[{'corpus_id': 0, 'score': 0.61}]]

    Source: sentence-transformers; Reimers & Gurevych, "Sentence-BERT" (2019).
    """

    model_class = TFBertModel
    task_name = "text-embedding"
    serves_pairs = False

    option_names = (
        *("pooling", "normalize", "normalize_embeddings", "truncate_dim"),
        *("prompt", "prompt_name", "prompts", "include_prompt", "similarity_fn_name"),
    )

    def __init__(
        self,
        model,
        tokenizer,
        pooling="mean",
        normalize=True,
        normalize_embeddings=False,
        truncate_dim=None,
        prompt=None,
        prompt_name=None,
        prompts=None,
        include_prompt=True,
        similarity_fn_name="cosine",
        dense=(),
        **kwargs,
    ):
        super().__init__(model, tokenizer, **kwargs)
        flags = {"normalize": normalize, "normalize_embeddings": normalize_embeddings, "include_prompt": include_prompt}
        for name, value in flags.items():
            check_flag(name, value)
        check_count("truncate_dim", truncate_dim, optional=True)
        check_choice("similarity_fn_name", similarity_fn_name, SIMILARITIES)
        self.pool = SentencePooling(pooling, normalize=False, name="pooling")
        self.pooling = self.pool.pooling
        self.normalize = normalize
        self.normalize_embeddings = normalize_embeddings
        self.truncate_dim = truncate_dim
        self.prompts = dict(prompts or {})
        check_choice("prompt_name", prompt_name, (None, *self.prompts))
        self.prompt = prompt
        self.prompt_name = prompt_name
        self.include_prompt = include_prompt
        self.similarity_fn_name = similarity_fn_name
        self.prompt_text = self.prompts.get(prompt_name, "") if prompt is None else prompt
        self.prompt_length = 0 if include_prompt else self._length_of(self.prompt_text)
        self.dense: list[keras.layers.Dense] = []
        self._append(dense)

    @classmethod
    def from_pretrained(cls, folder, *, max_length=None, pooling=None, normalize=None, **overrides):
        """Load a sentence-transformers folder, or a Hugging Face folder with mean pooling.

        Args:
            folder: Path of the folder, or the model's name on the Hugging Face hub. Its modules Transformer, Pooling,
                Dense and Normalize, its prompts and its `max_seq_length` are followed.
            max_length: int. Longest input in tokens; by default the folder's `max_seq_length`.
            pooling: str. Another pooling than the folder's.
            normalize: bool. Whether to normalise, whatever the folder says.
            **overrides: Options of the class, fields of the config, options of `TFBertModel.from_pretrained`, or
                arguments of `FastBertTokenizer`.

        Returns:
            A `TextEmbedder`.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the folder holds a module that a TextEmbedder has not.
        """
        folder = cls._fetched(folder, overrides)
        stated = read_sentence_settings(folder, pooling)
        if max_length is None and stated.max_length is not None:
            max_length = min(stated.max_length, BertConfig.from_pretrained(folder).max_position_embeddings)
        if stated.lower_case and not TokenizerSettings.from_folder(folder).options.get("do_lower_case", True):
            overrides = {"do_lower_case": True, "strip_accents": False, **overrides}
        options = {name: getattr(stated, name) for name in cls.option_names if hasattr(stated, name)}
        if normalize is not None:
            options["normalize"] = normalize
        embedder = super().from_pretrained(
            folder, max_length=max_length, add_pooling_layer=False, **{**options, **overrides}
        )
        embedder._append(map(dense_layer, stated.dense))
        return embedder

    def save_pretrained(self, folder):
        """Write a sentence-transformers folder: config, weights, vocabulary, modules, prompts.

        It has no place for `truncate_dim` and for a `prompt` without a name, which are given again when it is loaded.

        Args:
            folder: Path of the folder, which is made if it is missing.
        """
        super().save_pretrained(folder)
        settings = SentenceSettings(
            pooling=self.pooling,
            normalize=self.normalize or self.normalize_embeddings,
            max_length=self.tokenizer.max_length,
            include_prompt=self.include_prompt,
            dense=tuple(map(stored_dense, self.dense)),
            prompts=self.prompts,
            prompt_name=self.prompt_name,
            similarity_fn_name=self.similarity_fn_name,
        )
        write_sentence_settings(folder, settings, self.config.hidden_size)

    def with_options(self, **changes):
        """Return this embedder with other options, on the same weights; see `Task.with_options`."""
        if "prompt_name" in changes:
            changes = {"prompt": None, **changes}  # the name that is asked for wins over an older text
        return super().with_options(**changes)

    def _twin(self, tokenizer, options):
        twin = super()._twin(tokenizer, options)
        twin._append(self.dense)
        return twin

    def tokenize(self, texts: dict[str, tf.Tensor]) -> dict[str, Any]:
        """Turn text columns [B] into ids; the texts of a pair or a triplet are tokenized apart."""
        rows = {name: self.tokenizer(self._prompted(column)) for name, column in texts.items()}
        return rows if "text_pair" in rows else rows["text"]

    def ids_of(self, columns):
        return super().ids_of({name: self._prompted(column) for name, column in columns.items()})

    def _prompted(self, texts):
        return tf.strings.join([self.prompt_text, texts]) if self.prompt_text else texts

    def _length_of(self, prompt: str) -> int:
        """How many tokens a prompt puts before every text, [CLS] among them."""
        return int(tf.reduce_sum(self.tokenizer([prompt])["attention_mask"])) - 1 if prompt else 0

    def forward(self, features, training):
        if "input_ids" in features:
            return {"embedding": self._embed(features, training)}
        vectors = [self._embed(features[name], training) for name in COLUMNS if name in features]
        similarity = -keras.losses.cosine_similarity(vectors[0], vectors[1])
        return {"similarity": similarity[:, None], "embeddings": tf.stack(vectors, axis=1)}  # [B, 1], [B, T, D]

    def _embed(self, features, training):
        hidden_states = self.model(features, training=training).last_hidden_state
        mask = attention_mask_of(features)
        vectors = self.pool(hidden_states, attention_mask=mask, prompt_length=self.prompt_length)  # [B, D]
        for layer in self.dense:
            vectors = layer(vectors)
        if self.normalize:
            vectors = unit_length(vectors)
        vectors = vectors[:, : self.truncate_dim]
        return unit_length(vectors) if self.normalize_embeddings else vectors

    @property
    def decodes_ids(self):
        """Whether no prompt stands before the texts."""
        return not self.prompt_text

    def decode(self, outputs, features, columns):
        if "embedding" not in outputs:
            raise ValueError("TextEmbedder embeds one text a row. For pairs embed each column by itself.")
        return outputs

    def served_columns(self):
        return ["text"]  # it trains on pairs, but embeds single texts

    # === Dense layers ===

    def _append(self, layers):
        """Add dense layers, new ones built for the width of the vectors so far."""
        width = self._width()
        for layer in layers:
            width = width_after(layer, width)
            self.dense.append(layer)

    def _width(self) -> int:
        return self.dense[-1].units if self.dense else self.config.hidden_size * len(self.pool.names)

    @property
    def embedding_size(self) -> int:
        """The width of the vectors."""
        return min(self._width(), self.truncate_dim or self._width())

    def export_metadata(self):
        return {**super().export_metadata(), "embedding_size": self.embedding_size}

    def get_config(self):
        dense = [keras.saving.serialize_keras_object(layer) for layer in self.dense]
        return {**super().get_config(), "dense": dense}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        dense = [keras.saving.deserialize_keras_object(layer, custom_objects) for layer in config["dense"]]
        return super().from_config({**config, "dense": dense}, custom_objects)
