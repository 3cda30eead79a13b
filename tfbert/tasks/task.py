"""Task: what every string-in, answer-out model shares."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Self

import keras
import numpy as np
import tensorflow as tf

from tfbert.export.saved_model import export_saved_model
from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.tasks.text_dataset import arrays_dataset, batched, end_is_no_surprise, inputs_of, is_tokenized, map_text
from tfbert.tokenization.settings import TokenizerSettings
from tfbert.tokenization.text_input import as_text_inputs
from tfbert.training.bert_adamw import BertAdamW
from tfbert.training.linear_warmup import LinearWarmup
from tfbert.training.logits_trainer import LogitsTrainer

DEFAULT_BATCH_SIZE = 32
DEFAULT_LEARNING_RATE = 5e-5
EXPORT_FORMATS = ("tf_saved_model",)


class Task(LogitsTrainer):
    """A Keras model from text to answer: tokenizer, BERT model, and the decoding of its outputs.

    Text is a str, a list or tuple, a NumPy array of any string kind, a pandas Series, a `tf.string` tensor, a dict
    `{"text": …, "text_pair": …}`, or a `tf.data.Dataset` of those. `fit` and `evaluate` tokenize in `tf.data`, so that
    training steps see ids only; calling and `predict` answer with the same keys as the SavedModel.

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
        super().__init__(**kwargs)
        _check_fit_together(model.config, tokenizer)
        self.model = model
        self.tokenizer = tokenizer
        self.takes_pairs = False
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

    def prepare_labels(self, labels: Any) -> np.ndarray:
        """Turn the user's labels into what the loss takes."""
        raise NotImplementedError

    def prepare_dataset_labels(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Turn the labels of a user's dataset of batches into what the loss takes."""
        return dataset

    def default_loss(self) -> keras.losses.Loss | None:
        """Return the loss that stands in where `compile` was given none: the model's own."""
        return self.model.default_loss()

    def default_metrics(self) -> list[Any]:
        """Return the metrics that `fit` compiles with where `compile` was not called."""
        return []

    # === Calling ===

    def __call__(self, inputs, training=None, **kwargs):
        if not is_tokenized(inputs):
            inputs = as_text_inputs(inputs)
        return super().__call__(inputs, training=training, **kwargs)

    def call(self, inputs, training=False):
        if is_tokenized(inputs):
            return self.forward(inputs, training)
        return self.decode(self.forward(self.tokenize(inputs), training))

    # === Keras' three verbs, on text ===

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        **kwargs,
    ):
        """Train on text and labels; the arguments are those of `keras.Model.fit`.

        Where `compile` was not called, it trains with AdamW at 5e-5, linear warm-up and decay, and clipped gradients.

        Args:
            x: Text in any form, or a `tf.data.Dataset` of (text, label) or (text, label, weight).
            y: One label for each text; not with a dataset.
            validation_split: float. The last rows of text and labels are held out for validation.
            validation_data: (text, labels), (text, labels, weights) or a dataset.

        Returns:
            A Keras `History`.

        Raises:
            TypeError, ValueError: If text and labels do not fit each other or the model.
        """
        rows = batch_size or DEFAULT_BATCH_SIZE
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = _split(x, y, sample_weight, validation_split)
        dataset = self._training_dataset(x, y, sample_weight, rows, shuffle)
        if validation_data is not None:
            given = validation_data if isinstance(validation_data, tuple | list) else (validation_data,)
            x, y, sample_weight = (*given, None, None)[:3]
            validation_data = self._training_dataset(x, y, sample_weight, rows)
        if not self.compiled:
            self._compile_default(dataset, epochs, steps_per_epoch)
        with end_is_no_surprise(dataset, steps_per_epoch):
            return super().fit(
                dataset,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_data=validation_data,
                shuffle=False,  # the dataset shuffles already
                class_weight=self._numbered(class_weight),
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                **kwargs,
            )

    def evaluate(
        self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, callbacks=None, **kwargs
    ):
        """Return loss and metrics on text and labels; the arguments are those of `keras.Model.evaluate`."""
        if not self.compiled:
            self.compile(metrics=self.default_metrics())
        dataset = self._training_dataset(x, y, sample_weight, batch_size or DEFAULT_BATCH_SIZE)
        with end_is_no_surprise(dataset, steps):
            return super().evaluate(dataset, verbose=verbose, steps=steps, callbacks=callbacks, **kwargs)

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Return the answers to texts, in their order; the arguments are those of `keras.Model.predict`.

        Args:
            x: Text in any form, or a `tf.data.Dataset` of it.
            batch_size: int, default 32.

        Returns:
            A dict of NumPy arrays with one row for each text; strings are Python str.
        """
        rows = batch_size or DEFAULT_BATCH_SIZE
        if isinstance(x, tf.data.Dataset):
            dataset = batched(x, rows)
        else:
            dataset = arrays_dataset(as_text_inputs(x), shuffle=False, batch_size=rows)
        with end_is_no_surprise(dataset, steps):
            outputs = super().predict(dataset, verbose=verbose, steps=steps, callbacks=callbacks)
        return {name: _with_str(values) for name, values in outputs.items()}

    def _training_dataset(self, x, y=None, sample_weight=None, batch_size=DEFAULT_BATCH_SIZE, shuffle=False):
        """Batches of (ids, label[, weight]) from text in any form, or from a dataset of text or of ids."""
        if isinstance(x, tf.data.Dataset):
            if y is not None or sample_weight is not None:
                raise ValueError("A dataset brings its own labels and weights: leave out `y` and `sample_weight`.")
            if is_tokenized(inputs_of(x.element_spec)):
                return x
            if not isinstance(x.element_spec, tuple) or len(x.element_spec) < 2:
                raise ValueError("A dataset to train on must hold tuples: (text, label) or (text, label, weight).")
            dataset = self.prepare_dataset_labels(batched(x, batch_size))
        else:
            if y is None:
                raise ValueError("`y` is missing: give one label for each text.")
            texts, labels = as_text_inputs(x), self.prepare_labels(y)
            _check_rows(texts["text"].shape[0], labels, sample_weight)
            self.takes_pairs = "text_pair" in texts
            dataset = arrays_dataset(texts, labels, sample_weight, shuffle=shuffle, batch_size=batch_size)
        return map_text(dataset, self.tokenize).prefetch(tf.data.AUTOTUNE)

    def _compile_default(self, dataset, epochs, steps_per_epoch) -> None:
        steps = steps_per_epoch or int(dataset.cardinality())
        peak = DEFAULT_LEARNING_RATE
        learning_rate = LinearWarmup(peak, total_steps=steps * epochs) if steps > 0 else peak
        self.compile(optimizer=BertAdamW(learning_rate, global_clipnorm=1.0), metrics=self.default_metrics())

    def _numbered(self, class_weight):
        """Return class weights by class number; a user may give them by name."""
        if class_weight is None:
            return None
        known = self.config.label2id
        unknown = [name for name in class_weight if isinstance(name, str) and name not in known]
        if unknown:
            raise ValueError(f"Unknown label {unknown[0]!r} in `class_weight`; the model has {list(known)}.")
        return {known[name] if isinstance(name, str) else name: weight for name, weight in class_weight.items()}

    # === From and to files ===

    @classmethod
    def from_pretrained(cls, folder: str | PathLike, *, max_length: int | None = None, **overrides: Any) -> Any:
        """Load a Hugging Face checkpoint folder: config, weights and vocabulary.

        Args:
            folder: Path of the folder.
            max_length: int. Longest input in tokens; by default what the checkpoint's tokenizer says.
            **overrides: Fields of the config, or options of `BertPreTrainedModel.from_pretrained`.

        Returns:
            The task.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the checkpoint is no BERT, or `max_length` exceeds its position embeddings.
        """
        model = cls.model_class.from_pretrained(folder, **overrides)
        return cls(model, cls._tokenizer_of(folder, model.config, max_length))

    @staticmethod
    def _tokenizer_of(folder, config, max_length) -> FastBertTokenizer:
        """The folder's tokenizer; a length that nobody asked for is capped at the position embeddings."""
        settings = TokenizerSettings.from_folder(folder)
        if max_length is None:
            max_length = min(settings.options.get("max_length", 512), config.max_position_embeddings)
        return FastBertTokenizer(settings.vocab_list, **{**settings.options, "max_length": max_length})

    def save_pretrained(self, folder: str | PathLike) -> None:
        """Write config, weights and vocabulary as a Hugging Face folder.

        Args:
            folder: Path of the folder, which is made if it is missing.
        """
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
            overwrite: bool, default False. Replace an existing folder.
            verbose: bool. Print the path when done.

        Returns:
            The path.

        Raises:
            FileExistsError: If the folder exists and `overwrite` is False.
            ExportError: If the written model does not answer as this one does.
        """
        if format not in EXPORT_FORMATS:
            raise ValueError(f"`format` must be one of {EXPORT_FORMATS}. Received: {format!r}.")
        columns = ["text", "text_pair"] if (self.takes_pairs if text_pair is None else text_pair) else ["text"]
        path = export_saved_model(self, path, columns=columns, overwrite=overwrite)
        if verbose:
            print(f"Saved model at {path}")
        return path

    def export_metadata(self) -> dict[str, Any]:
        """Return what tools that inspect the SavedModel may want to know."""
        return {"task": self.task_name, "max_length": self.tokenizer.max_length, "vocab_size": self.config.vocab_size}

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
    if tokenizer.max_length > config.max_position_embeddings:
        raise ValueError(
            f"`max_length` must not exceed the model's {config.max_position_embeddings} position embeddings. "
            f"Received: max_length={tokenizer.max_length}. "
            f"Write from_pretrained(folder, max_length={config.max_position_embeddings})."
        )
    if tokenizer.vocab_size > config.vocab_size:
        raise ValueError(
            f"The vocabulary has {tokenizer.vocab_size} pieces, but the model has embeddings for {config.vocab_size}. "
            "Take the vocab.txt that came with these weights."
        )


def _check_rows(rows: int, labels, sample_weight) -> None:
    for name, values in (("y", labels), ("sample_weight", sample_weight)):
        if values is not None and len(values) != rows:
            raise ValueError(f"`{name}` must have one entry for each text, {rows}. Received: {len(values)}.")


def _split(x, y, sample_weight, share: float):
    """Cut the last rows off for validation, as Keras does."""
    if isinstance(x, tf.data.Dataset):
        raise ValueError("`validation_split` needs arrays or lists; for a dataset give `validation_data`.")
    if not 0 < share < 1:
        raise ValueError(f"`validation_split` must lie between 0 and 1. Received: {share!r}.")
    texts = as_text_inputs(x)
    rows = texts["text"].shape[0]
    _check_rows(rows, y, sample_weight)
    cut = int(rows * (1.0 - share))
    if cut in (0, rows):
        raise ValueError(f"`validation_split`={share} leaves no rows on one side of {rows}.")

    def part(rows: slice):
        columns = {name: column[rows] for name, column in texts.items()}
        labels = y.iloc[rows] if hasattr(y, "iloc") else y[rows]
        return columns, labels, None if sample_weight is None else np.asarray(sample_weight)[rows]

    return part(slice(0, cut)), part(slice(cut, None))


def _with_str(values: np.ndarray) -> np.ndarray:
    """Strings come out of TensorFlow as bytes; answers are text."""
    if values.dtype != object:
        return values
    decoded = [value.decode("utf-8", "replace") for value in values.reshape(-1)]
    return np.array(decoded, dtype=object).reshape(values.shape)
