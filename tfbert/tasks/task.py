"""Task: what every string-in, answer-out model shares."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Self

import keras
import tensorflow as tf

from tfbert.checkpoints.open_checkpoint import WEIGHT_FILES
from tfbert.config_file import CONFIG_FILES
from tfbert.export.saved_model import export_saved_model
from tfbert.export.verify import PROBE_TEXTS, SHORT_PROBE_TEXTS
from tfbert.hub import SENTENCE_FILES, TOKENIZER_FILES, resolve_folder, take_hub_options
from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.models.main_layer import keras_config_of
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.tasks.signatures import make_signatures
from tfbert.tasks.text_dataset import is_tokenized
from tfbert.tasks.text_trainer import TextTrainer
from tfbert.tokenization.settings.tokenizer_settings import TokenizerSettings
from tfbert.tokenization.text_input import as_text_inputs

EXPORT_FORMATS = ("tf_saved_model",)
PAIRS_KEY = "tfbert_takes_pairs"  # kept in config.json, where Hugging Face passes over it


class Task(TextTrainer):
    """A Keras model from text to answer: tokenizer, BERT model, and the decoding of its outputs.

    Text is a str, a list or tuple, a NumPy array of any string kind, a pandas Series, a `tf.string` tensor, a dict
    `{"text": …, "text_pair": …}`, or a `tf.data.Dataset` of those. `fit` and `evaluate` tokenize in `tf.data`, so that
    training steps see ids only; calling and `predict` answer text with the same keys as the SavedModel. A call
    also takes ids, `{"input_ids": …}`, and then returns what `forward` does.

    A sub-class says what happens to ids (`forward`), to outputs (`decode`) and to labels (`prepare_labels`).

    Args:
        model: A `BertPreTrainedModel`.
        tokenizer: `FastBertTokenizer`.
        **kwargs: `name` of the Keras model.

    Raises:
        ValueError: If the tokenizer allows longer inputs, or has more pieces, than the model has embeddings.
    """

    model_class: ClassVar[type[BertPreTrainedModel]]
    task_name: ClassVar[str]

    def __init__(self, model: BertPreTrainedModel, tokenizer: FastBertTokenizer, **kwargs):
        super().__init__(**{"dtype": model.dtype_policy, **kwargs})  # so that float16 trains with loss scaling
        _check_fit_together(model.config, tokenizer)
        self.model = model
        self.tokenizer = tokenizer
        self.takes_pairs = bool(model.config.extra.get(PAIRS_KEY, False))
        self.built = True

    @property
    def config(self):
        """The model's `BertConfig`."""
        return self.model.config

    # === What a sub-class says ===

    def tokenize(self, texts: dict[str, tf.Tensor]) -> dict[str, Any]:
        """Turn text columns [B] into the model's inputs."""
        return self.tokenizer(texts["text"], texts.get("text_pair"))

    def forward(self, features: dict[str, Any], training: bool) -> dict[str, tf.Tensor]:
        """Run the model on tokenized inputs; what it returns is what training sees."""
        raise NotImplementedError

    def decode(self, outputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Turn the outputs of `forward` into the answer."""
        raise NotImplementedError

    def loss_function(self, objective, labels: Any = None) -> keras.losses.Loss | None:
        """Return the loss that stands in where `compile` was given none: the model's own."""
        return self.model.loss_function(objective, labels)

    def check_labels(self, objective, labels: Any, logits: Any) -> None:
        """Refuse labels that the model refuses."""
        self.model.check_labels(objective, labels, logits)

    # === Calling ===

    def __call__(self, inputs, training=None, **kwargs):
        if not is_tokenized(inputs):
            inputs = as_text_inputs(inputs)
        return super().__call__(inputs, training=training, **kwargs)

    def call(self, inputs, training=False):
        if is_tokenized(inputs):
            return self.forward(inputs, training)
        return self.decode(self.forward(self.tokenize(inputs), training))

    # === From and to files ===

    @classmethod
    def from_pretrained(cls, folder: str | PathLike, *, max_length: int | None = None, **overrides: Any) -> Any:
        """Load a Hugging Face checkpoint folder: config, weights and vocabulary.

        Args:
            folder: Path of the folder, or the model's name on the Hugging Face hub.
            max_length: int. Longest input in tokens; by default what the checkpoint's tokenizer says.
            **overrides: Arguments of `FastBertTokenizer`, fields of the config, or options of
                `BertPreTrainedModel.from_pretrained`.

        Returns:
            The task.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the checkpoint is no BERT, or `max_length` exceeds its position embeddings.
        """
        folder = cls._fetched(folder, overrides)
        tokenizer_options = cls._take_tokenizer_options(overrides)
        model = cls.model_class.from_pretrained(folder, **overrides)
        return cls(model, cls._tokenizer_of(folder, model.config, max_length, **tokenizer_options))

    @staticmethod
    def _fetched(folder, overrides: dict[str, Any]) -> Path:
        """The checkpoint's folder on this machine; takes the options of the hub out of those of `from_pretrained`."""
        files = (*CONFIG_FILES, *TOKENIZER_FILES, *SENTENCE_FILES)
        return resolve_folder(folder, files, WEIGHT_FILES, **take_hub_options(overrides))

    @staticmethod
    def _take_tokenizer_options(overrides: dict[str, Any]) -> dict[str, Any]:
        """Take the arguments of the tokenizer out of those of `from_pretrained`; `pad_token_id` is the config's."""
        names = set(FastBertTokenizer.default_options()) & set(overrides) - {"pad_token_id"}
        return {name: overrides.pop(name) for name in names}

    @staticmethod
    def _tokenizer_of(folder, config, max_length, **options) -> FastBertTokenizer:
        """The folder's tokenizer; a length that nobody asked for is capped at the position embeddings."""
        settings = TokenizerSettings.from_folder(folder)
        if max_length is None:
            max_length = min(settings.options.get("max_length", 512), config.max_position_embeddings)
        return FastBertTokenizer(settings.vocab_list, **{**settings.options, "max_length": max_length, **options})

    def save_pretrained(self, folder: str | PathLike) -> None:
        """Write config, weights and vocabulary as a Hugging Face folder.

        Args:
            folder: Path of the folder, which is made if it is missing.
        """
        if self.takes_pairs != bool(self.config.extra.get(PAIRS_KEY, False)):
            self.model.config = self.config.replace(**{PAIRS_KEY: self.takes_pairs})
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def export(
        self,
        path: str | PathLike,
        format: str = "tf_saved_model",
        *,
        text_pair: bool | None = None,
        overwrite: bool = False,
        verbose: bool | None = None,
    ) -> Path:
        """Write a SavedModel that answers raw strings without tfbert or Keras.

        It is written beside `path`, loaded again and compared with this model, and then renamed, so that a server
        never sees half of it. Signatures: `serving_default` (text to answer), `tokenize` (text to ids) and `ids`
        (ids to outputs).

        Args:
            path: Path of the new folder, such as "saved_models/sentiment/1".
            format: str, "tf_saved_model".
            text_pair: bool. Whether `serving_default` and `tokenize` take `text` and `text_pair`; by default what the
                model was trained on.
            overwrite: bool, default False. Replace an existing SavedModel.
            verbose: bool. Print the path when done.

        Returns:
            The path.

        Raises:
            FileExistsError: If the folder exists and `overwrite` is False.
            ExportError: If the written model does not answer as this one does.
        """
        if format not in EXPORT_FORMATS:
            raise ValueError(f"`format` must be one of {EXPORT_FORMATS}. Received: {format!r}.")
        columns = self.served_columns()
        if text_pair is not None:
            columns = ["text", "text_pair"] if text_pair else ["text"]
        signatures = make_signatures(self, columns)
        path = export_saved_model(
            path,
            signatures,
            self.variables,
            self.export_metadata(),
            lookup_tables=self.tokenizer.lookup_tables,
            probes=PROBE_TEXTS if self.tokenizer.packing_options().truncates else SHORT_PROBE_TEXTS,
            overwrite=overwrite,
        )
        if verbose:
            print(f"Saved model at {path}")
        return path

    def served_columns(self) -> list[str]:
        """Return the text inputs that a SavedModel takes where `export` is not told: those of the training."""
        return ["text", "text_pair"] if self.takes_pairs else ["text"]

    def export_metadata(self) -> dict[str, Any]:
        """Return what tools that inspect the SavedModel may want to know."""
        return {
            "task": self.task_name,
            "max_length": self.tokenizer.max_length,
            "vocab_size": self.config.vocab_size,
            "config": keras_config_of(self.config),
        }

    def get_config(self) -> dict[str, Any]:
        """Return the model and the tokenizer, serialized."""
        return {
            "name": self.name,
            "model": keras.saving.serialize_keras_object(self.model),
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "takes_pairs": self.takes_pairs,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Build a task from what `get_config` returned."""
        config = dict(config)
        takes_pairs = config.pop("takes_pairs")
        for part in ("model", "tokenizer"):
            config[part] = keras.saving.deserialize_keras_object(config[part], custom_objects)
        task = cls(**config)
        task.takes_pairs = takes_pairs
        return task


def _check_fit_together(config, tokenizer) -> None:
    packing = tokenizer.packing_options()
    if packing.longest_padded > config.max_position_embeddings:
        raise ValueError(
            f"`max_length` must not exceed the model's {config.max_position_embeddings} position embeddings. "
            f"Received: max_length={packing.max_length}, padded to {packing.longest_padded}. "
            f"Write from_pretrained(folder, max_length={config.max_position_embeddings})."
        )
    if not packing.return_attention_mask:
        raise ValueError(
            "The tokenizer of a task must tell tokens from padding. Received: return_attention_mask=False."
        )
    refused = ("return_overflowing_tokens", "return_offsets", "return_special_tokens_mask", "return_length")
    for name in refused:
        if getattr(packing, name):
            raise ValueError(
                f"The tokenizer of a task must return one row of model inputs for each text. Received: {name}=True. "
                "Give that to calls of `task.tokenizer` instead."
            )
    if not packing.pads:
        raise ValueError(
            f"The tokenizer of a task must pad rows, 'longest' or 'max_length'. Received: padding={packing.padding!r}."
        )
    tokens = len(tokenizer.token_table.tokens)
    if tokens > config.vocab_size:
        raise ValueError(
            f"The vocabulary has {tokens} tokens, but the model has embeddings for {config.vocab_size}. "
            "Take the vocab.txt that came with these weights."
        )
