"""TaskFiles: how a task comes from files and goes to them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import keras

from tfbert.checkpoints.open_checkpoint import WEIGHT_FILES
from tfbert.config_file import CONFIG_FILES
from tfbert.export.verify import PROBE_TEXTS, SHORT_PROBE_TEXTS, text_probes
from tfbert.hub import SENTENCE_FILES, TOKENIZER_FILES, resolve_folder, take_hub_options
from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.models.main_layer import keras_config_of
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.tasks.base.fit_together import check_fit_together
from tfbert.tasks.base.task_export import export_task
from tfbert.tasks.base.text_trainer import TextTrainer
from tfbert.tasks.base.training_state import TrainingState, shared
from tfbert.tokenization.settings.tokenizer_settings import TokenizerSettings

if TYPE_CHECKING:
    from tfbert.tasks.base.task import Task

PAIRS_KEY = "tfbert_takes_pairs"  # kept in config.json, where Hugging Face passes over it


class TaskFiles(TextTrainer):
    """The parts of a task, a model and a tokenizer, and the files of both.

    Args:
        model: A `BertPreTrainedModel`.
        tokenizer: `FastBertTokenizer`.
        has_new_head: bool, default False. Whether the head was never trained, so that answers are random.
        **kwargs: `name` of the Keras model.

    Raises:
        TypeError: If the model is of another class than the task needs.
        ValueError: If the tokenizer allows longer inputs, or has more pieces, than the model has embeddings.
    """

    model_class: ClassVar[type[BertPreTrainedModel]]
    task_name: ClassVar[str]
    option_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, model: BertPreTrainedModel, tokenizer: FastBertTokenizer, has_new_head=False, **kwargs):
        super().__init__(**{"dtype": model.dtype_policy, **kwargs})  # so that float16 trains with loss scaling
        if not isinstance(model, self.model_class):
            raise TypeError(
                f"{type(self).__name__} needs a {self.model_class.__name__}. Received: {type(model).__name__}. "
                f"Write {type(self).__name__}.from_pretrained(folder)."
            )
        check_fit_together(model.config, tokenizer)
        self.model = model
        model.trained_within.add(self)
        self.tokenizer = tokenizer
        pairs = bool(model.config.extra.get(PAIRS_KEY, False))
        self.training_state = TrainingState(has_new_head=has_new_head, takes_pairs=pairs)
        self.built = True

    @property
    def config(self):
        """The model's `BertConfig`."""
        return self.model.config

    has_new_head = shared("has_new_head")
    takes_pairs = shared("takes_pairs")

    @property
    def is_random(self) -> bool:
        """Whether answers are drawn by chance."""
        return False

    @property
    def longest_input(self) -> int:
        """The most tokens, padding too, that the tokenizer makes of a text."""
        return min(self.tokenizer.packing_options().longest_padded, self.config.max_position_embeddings)

    def options(self) -> dict[str, Any]:
        """Return the options of answering by name."""
        return {name: getattr(self, name) for name in self.option_names}

    @classmethod
    def from_pretrained(cls, folder: str | PathLike, *, max_length: int | None = None, **overrides: Any) -> Any:
        """Load a Hugging Face checkpoint folder: config, weights and vocabulary.

        A checkpoint without this task's head gets a new one, to be trained.

        Args:
            folder: Path of the folder, or the model's name on the Hugging Face hub.
            max_length: int. Longest input in tokens; by default what the checkpoint's tokenizer says.
            **overrides: Options of the class, arguments of `FastBertTokenizer`, fields of the config, or options of
                `BertPreTrainedModel.from_pretrained`.

        Returns:
            The task.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the checkpoint is no BERT, or `max_length` exceeds its position embeddings.
        """
        if overrides.pop("output_loading_info", False):
            raise ValueError(f"Load the model alone for that: {cls.model_class.__name__}.from_pretrained(...).")
        folder = cls._fetched(folder, overrides)
        options = {name: overrides.pop(name) for name in (*cls.option_names, "name") if name in overrides}
        # `pad_token_id` is also a field of the config, which has to agree.
        names = set(FastBertTokenizer.default_options()) & set(overrides) - {"pad_token_id"}
        tokenizer_options = {name: overrides.pop(name) for name in names}
        model, info = cls.model_class.from_pretrained(folder, output_loading_info=True, **overrides)
        new = [*info["missing_keys"], *(name for name, _, _ in info["mismatched_keys"])]
        has_new_head = any(not name.startswith("bert.") for name in new)
        tokenizer = _tokenizer_of(folder, model.config, max_length, tokenizer_options)
        return cls(model, tokenizer, has_new_head=has_new_head, **options)

    @staticmethod
    def _fetched(folder, overrides: dict[str, Any]) -> Path:
        """The checkpoint's folder on this machine; takes the options of the hub out of those of `from_pretrained`."""
        files = (*CONFIG_FILES, *TOKENIZER_FILES, *SENTENCE_FILES)
        return resolve_folder(folder, files, WEIGHT_FILES, **take_hub_options(overrides))

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
        jit_compile: bool = False,
        precision: str = "float32",
        inputs: str = "text",
        calibration_texts: Any = None,
        name: str | None = None,
        overwrite: bool = False,
        verbose: bool | None = None,
    ) -> Path:
        """Write a model that answers raw strings without tfbert or Keras: a SavedModel, a LiteRT or an ONNX file.

        It is written beside `path`, loaded again and compared with this model, and then renamed, so that a server
        never sees half of it. SavedModels and LiteRT files have the signatures `serving_default` (text to answer),
        `tokenize` (text to ids) and `ids` (ids to outputs). The options of answering are written into it as they are;
        to serve others export `task.with_options(...)`.

        With format="serving" `path` is a folder for all models of a server: the SavedModel becomes the next version of
        a model in it, with a signature for TF Serving's Classify or Regress where the task is classification, warm-up
        records and a manifest; beside it stand the files that TF Serving, Docker, Kubernetes and KServe start it with.

        Args:
            path: Path of the new folder, such as "saved_models/sentiment/1"; of the folder of all models, for
                "serving"; or of the file, which ends in ".tflite" or ".onnx".
            format: str, default "tf_saved_model". Or "serving"; or "litert" or "onnx", and the README says which tasks
                those can hold.
            text_pair: bool. Whether `serving_default` and `tokenize` take `text` and `text_pair`; by default what the
                model was trained on.
            jit_compile: bool, default False. Let XLA compile the model where the SavedModel is loaded, for each bucket
                of batch sizes and lengths when it first comes, as `execution="xla"` does. For GPUs; TF Serving on a
                CPU needs the flag `--xla_cpu_compilation_enabled` for it.
            precision: str, default "float32". Of LiteRT and ONNX files: "float16" weights; "dynamic_int8", int8
                weights and products; or "full_int8", with the ranges of `calibration_texts` (LiteRT only).
            inputs: str, default "text". "ids" leaves tokenizing and decoding out of a LiteRT or ONNX file, so that
                every task fits: `input_ids`, `attention_mask` and `token_type_ids` to what `ids` returns.
            calibration_texts: Text in any form, a few hundred rows like those to come; for "full_int8".
            name: str. What the model is called in a serving bundle, in letters, digits, "_" and "-"; by default as its
                task is, such as "text-classification".
            overwrite: bool, default False. Replace an existing SavedModel or file. A bundle gets a new version instead.
            verbose: bool. Print the path when done.

        Returns:
            The path; of the new version, such as "models/text-classification/2", for "serving".

        Raises:
            FileExistsError: If it exists and `overwrite` is False.
            ValueError: If an option takes ops that the form lacks, or contradicts another.
            ExportError: If the form lacks an op, or what is written does not answer as this model does.

        Example:
            >>> task.export("sentiment.tflite", format="litert", precision="dynamic_int8")  # doctest: +SKIP
            PosixPath('sentiment.tflite')
        """
        path = export_task(
            cast("Task", self),
            path,
            format,
            text_pair=text_pair,
            jit_compile=jit_compile,
            precision=precision,
            inputs=inputs,
            calibration_texts=calibration_texts,
            name=name,
            overwrite=overwrite,
        )
        if verbose:
            print(f"Saved model at {path}")
        return path

    def probes(self, names: list[str]) -> list[dict[str, Any]]:
        """Return the rows of text that an exported model is checked on."""
        truncates = self.tokenizer.packing_options().truncates
        return text_probes(names, PROBE_TEXTS if truncates else SHORT_PROBE_TEXTS)

    def export_metadata(self) -> dict[str, Any]:
        """Return what tools that inspect the SavedModel may want to know."""
        return {
            "task": self.task_name,
            "options": self.options(),
            "max_length": self.tokenizer.max_length,
            "longest_input": self.longest_input,
            "truncation": self.tokenizer.truncation,
            "vocab_size": self.config.vocab_size,
            "config": keras_config_of(self.config),
        }

    def get_config(self) -> dict[str, Any]:
        """Return the model and the tokenizer, serialized, and the options."""
        return {
            "name": self.name,
            "model": keras.saving.serialize_keras_object(self.model),
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "takes_pairs": self.takes_pairs,
            "has_new_head": self.has_new_head,
            **self.options(),
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


def _tokenizer_of(folder, config, max_length: int | None, options: dict[str, Any]) -> FastBertTokenizer:
    """The folder's tokenizer; a length that nobody asked for is capped at the position embeddings."""
    settings = TokenizerSettings.from_folder(folder)
    if max_length is None:
        max_length = min(settings.options.get("max_length", 512), config.max_position_embeddings)
    return FastBertTokenizer(settings.vocab_list, **{**settings.options, "max_length": max_length, **options})
