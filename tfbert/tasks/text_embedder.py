"""TextEmbedder: text to vectors."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.checkpoints.sentence_folder import read_sentence_settings, write_sentence_settings
from tfbert.config import BertConfig
from tfbert.layers.sentence_pooling import SentencePooling
from tfbert.models.bert_model import TFBertModel
from tfbert.tasks.task import Task
from tfbert.training.objective import Objective


@keras.saving.register_keras_serializable(package="tfbert")
class TextEmbedder(Task):
    """Text in, one vector a text out.

    Called on text [B] it returns `embedding` float32 [B, D]. `fit` takes pairs of texts with a similarity from -1 to
    1 for each, and trains so that the cosine of the two vectors meets it.

    Args:
        model: `TFBertModel`.
        tokenizer: `FastBertTokenizer`.
        pooling: str, default "mean"; "cls" and "max" are the others.
        normalize: bool, default True. Scale vectors to length 1.
        **kwargs: `name` of the Keras model.

    Example:
        >>> embedder = TextEmbedder.from_pretrained("path/to/all-MiniLM-L6-v2")  # doctest: +SKIP
        >>> embedder.predict(["The cat sits outside."])["embedding"].shape  # doctest: +SKIP
        (1, 384)

    Source: sentence-transformers; Reimers & Gurevych, "Sentence-BERT" (2019).
    """

    model_class = TFBertModel
    task_name = "text-embedding"
    objectives = (Objective(output="similarity"),)

    option_names = ("pooling", "normalize")

    def __init__(self, model, tokenizer, pooling="mean", normalize=True, **kwargs):
        super().__init__(model, tokenizer, **kwargs)
        self.pooling = pooling
        self.normalize = normalize
        self.pool = SentencePooling(pooling, normalize, name="pooling")

    @classmethod
    def from_pretrained(cls, folder, *, max_length=None, pooling=None, normalize=None, **overrides):
        """Load a sentence-transformers folder, or a Hugging Face folder with mean pooling.

        Args:
            folder: Path of the folder, or the model's name on the Hugging Face hub. What `modules.json`,
                `1_Pooling/config.json` and `sentence_bert_config.json` say is followed.
            max_length: int. Longest input in tokens; by default the folder's `max_seq_length`.
            pooling: str. Another pooling than the folder's.
            normalize: bool. Whether to normalise, whatever the folder says.
            **overrides: Fields of the config, options of `TFBertModel.from_pretrained`, or arguments of
                `FastBertTokenizer`.

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
        return super().from_pretrained(
            folder,
            max_length=max_length,
            pooling=stated.pooling,
            normalize=stated.normalize if normalize is None else normalize,
            add_pooling_layer=False,
            **overrides,
        )

    def save_pretrained(self, folder):
        """Write a sentence-transformers folder: config, weights, vocabulary, pooling.

        Args:
            folder: Path of the folder, which is made if it is missing.
        """
        super().save_pretrained(folder)
        write_sentence_settings(
            folder,
            pooling=self.pooling,
            normalize=self.normalize,
            max_length=self.tokenizer.max_length,
            hidden_size=self.config.hidden_size,
        )

    def tokenize(self, texts: dict[str, tf.Tensor]) -> dict[str, Any]:
        """Turn text columns [B] into ids; the two texts of a pair are tokenized apart."""
        if "text_pair" not in texts:
            return self.tokenizer(texts["text"])
        return {name: self.tokenizer(column) for name, column in texts.items()}

    def forward(self, features, training):
        if "input_ids" in features:
            return {"embedding": self._embed(features, training)}
        first, second = self._embed(features["text"], training), self._embed(features["text_pair"], training)
        return {"similarity": -keras.losses.cosine_similarity(first, second)}  # [B]

    def _embed(self, features, training):
        hidden_states = self.model(features, training=training).last_hidden_state
        mask = features.get("attention_mask")
        mask = tf.ones_like(features["input_ids"]) if mask is None else mask
        return self.pool(hidden_states, attention_mask=mask)

    def decode(self, outputs, features, columns):
        if "embedding" not in outputs:
            raise ValueError("TextEmbedder embeds one text a row. For pairs embed each column by itself.")
        return outputs

    def loss_function(self, objective, labels=None) -> keras.losses.Loss:
        """Return the mean squared error between cosine and given similarity."""
        return keras.losses.MeanSquaredError(name="loss")

    def prepare_dataset_labels(self, dataset):
        def check(pair, similarity, *rest):
            message = "A similarity must lie from -1 to 1."
            similarity = tf.cast(similarity, tf.float32)
            with tf.control_dependencies([tf.debugging.assert_less_equal(tf.abs(similarity), 1.0, message=message)]):
                return (pair, tf.identity(similarity), *rest)

        return dataset.map(check)

    def prepare_labels(self, labels: Any) -> np.ndarray:
        similarities = np.asarray(labels, dtype=np.float32)
        if similarities.ndim != 1 or not np.isfinite(similarities).all() or np.abs(similarities).max(initial=0) > 1:
            raise ValueError(
                "`y` must hold one similarity from -1 to 1 for each pair. "
                f"Received: shape {similarities.shape}, values from {similarities.min()} to {similarities.max()}."
            )
        return similarities

    def _tokenized(self, dataset):
        dataset = super()._tokenized(dataset)
        if "input_ids" in dataset.element_spec[0]:
            raise ValueError(
                "TextEmbedder trains on pairs with a similarity each: "
                "fit({'text': first, 'text_pair': second}, similarities)."
            )
        return dataset

    def served_columns(self):
        return ["text"]  # it trains on pairs, but embeds single texts

    def export_metadata(self):
        return {**super().export_metadata(), "embedding_size": self.config.hidden_size}
