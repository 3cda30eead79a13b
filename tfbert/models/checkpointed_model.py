"""CheckpointedModel: a model's checkpoints, in and out."""

from __future__ import annotations

import dataclasses
from os import PathLike
from typing import Any, ClassVar

from tfbert.checkpoints.formats.safetensors_writer import write_safetensors
from tfbert.checkpoints.late_variables import LateVariables
from tfbert.checkpoints.open_checkpoint import WEIGHT_FILES, open_checkpoint
from tfbert.checkpoints.transfer import load_into, stored_weights
from tfbert.config import BertConfig
from tfbert.config_file import CONFIG_FILES
from tfbert.hub import resolve_folder
from tfbert.training.logits_trainer import LogitsTrainer


class CheckpointedModel(LogitsTrainer):
    """What reads and writes checkpoints; a sub-class has a `config` and the options of its constructor."""

    config: BertConfig
    constructor_options: ClassVar[tuple[str, ...]] = ("name", "dtype")

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | PathLike,
        *,
        config: BertConfig | None = None,
        revision: str | None = None,
        cache_dir: str | PathLike | None = None,
        local_files_only: bool = False,
        token: str | bool | None = None,
        subfolder: str = "",
        ignore_mismatched_sizes: bool = False,
        output_loading_info: bool = False,
        **overrides: Any,
    ) -> Any:
        """Load a checkpoint in any form: Hugging Face's, PyTorch's, Google's, tf-models', or one of tfbert's own.

        Forms are recognised by themselves, so that `from_pt` says nothing: safetensors, `pytorch_model.bin` and
        `tf_model.h5`, each whole or in shards; TensorFlow checkpoints, a `.keras` file, or a SavedModel. A head over
        the vocabulary that is untied takes the word table where the checkpoint has no table for it.

        Args:
            pretrained_model_name_or_path: Path of the folder or file, or the model's name on the Hugging Face hub.
            config: `BertConfig` or None. The settings, where none lie with the weights.
            revision: str or None. Of a model on the hub a branch, a tag or a commit.
            cache_dir: Path or None. Where models from the hub are kept.
            local_files_only: bool, default False. Use what was fetched from the hub earlier.
            token: str, bool or None. The hub's token.
            subfolder: str, default "". The folder within.
            ignore_mismatched_sizes: bool, default False. Make weights of another shape new instead of raising.
            output_loading_info: bool, default False. Return (model, info) with the missing, unexpected and mismatched
                weights by PyTorch's names.
            **overrides: Fields of the config to set differently, such as `num_labels=3`; and the options of the
                constructor: `execution`, `name` and `dtype`, such as "mixed_bfloat16".

        Returns:
            The model, or the model and a dict.

        Raises:
            FileNotFoundError: If a file is missing.
            ImportError: If the model is on the hub and `huggingface_hub` is not installed.
            TypeError: If `config` is no `BertConfig`, or an override is neither a field nor an option.
            ValueError: If the config or the weights are no valid BERT, or weights are missing or of another shape.

        Example:
            >>> model = TFBertModel.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
            >>> model = TFBertModel.from_pretrained("google-bert/bert-base-uncased")  # doctest: +SKIP

        Source: `from_pretrained` of Hugging Face transformers.
        """
        overrides.pop("from_pt", None)
        options = {name: overrides.pop(name) for name in cls.constructor_options if name in overrides}
        location = resolve_folder(
            pretrained_model_name_or_path,
            CONFIG_FILES,
            WEIGHT_FILES,
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
            token=token,
            subfolder=subfolder,
        )
        config = _config_of(location, config, overrides)
        tensors, source = open_checkpoint(location)
        with LateVariables() as late:
            model = cls(config, **options)
        report = load_into(model, tensors, config.num_hidden_layers, source, ignore_mismatched_sizes)
        late.fill(model.variables, except_for=report.loaded)
        if not output_loading_info:
            return model
        return model, {
            "missing_keys": report.missing_keys,
            "unexpected_keys": report.unexpected_keys,
            "mismatched_keys": report.mismatched_keys,
        }

    def save_pretrained(self, folder: str | PathLike, max_shard_size: int | str = "5GB") -> None:
        """Write `config.json` and `model.safetensors`, which PyTorch's transformers reads.

        Args:
            folder: Path of the folder, which is made if it is missing.
            max_shard_size: int of bytes or str, default "5GB". The most that one file's weights take, such as "500MB";
                a bigger model becomes several files with an index.

        Raises:
            ValueError: If `max_shard_size` is no size, or the config holds a function.
        """
        architecture = type(self).__name__.removeprefix("TF")
        self.config.replace(architectures=[architecture]).save_pretrained(folder)
        tensors = stored_weights(self, self.config.num_hidden_layers, prefix=architecture != "BertModel")
        write_safetensors(tensors, folder, max_shard_size)


def _config_of(location: PathLike, config: BertConfig | None, overrides: dict[str, Any]) -> BertConfig:
    if config is None:
        config = BertConfig.from_pretrained(location)
    elif not isinstance(config, BertConfig):
        raise TypeError(f"`config` must be a BertConfig. Received: {type(config).__name__}.")
    unknown = sorted(set(overrides) - {field.name for field in dataclasses.fields(BertConfig)} - set(config.extra))
    if unknown:
        raise TypeError(
            f"from_pretrained takes no argument {unknown[0]!r}, and the config has no such field. To keep a value "
            f"of your own in it write config=BertConfig.from_pretrained(...).replace({unknown[0]}=...)."
        )
    return config.replace(**overrides) if overrides else config
