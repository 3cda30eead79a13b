"""BertPreTrainedModel: the call contract and the files of every model."""

from __future__ import annotations

import inspect
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Self

import tensorflow as tf

from tfbert.checkpoints.safetensors_file import WEIGHTS_FILE, read_weights, write_weights
from tfbert.checkpoints.transfer import arrays_of, load_into
from tfbert.config import BertConfig
from tfbert.models.main_layer import BertMainLayer
from tfbert.models.model_inputs import check_within, gather_inputs
from tfbert.training.logits_trainer import LogitsTrainer


class BertPreTrainedModel(LogitsTrainer):
    """What every BERT model shares: `self.bert`, the forms of a call, `from_pretrained` and `save_pretrained`.

    A model is called with `input_ids` alone, a list in the documented order, a dict, or keywords; with NumPy arrays,
    nested lists, tensors or symbolic Keras tensors; eagerly, in `tf.function`, in a functional model, and by `fit`,
    `evaluate` and `predict`.

    Args:
        config: `BertConfig`, or its dict.
        add_pooling_layer: bool.
        execution: str, default "auto"; see `BertMainLayer`.
        **kwargs: `name` and `dtype` of the Keras model.
    """

    constructor_options: ClassVar[tuple[str, ...]] = ("execution", "name", "dtype")

    def __init__(self, config: BertConfig | dict, add_pooling_layer: bool, execution: str = "auto", **kwargs):
        super().__init__(**kwargs)
        self.config = BertConfig.from_dict(config) if isinstance(config, dict) else config
        self.bert = BertMainLayer(
            self.config, add_pooling_layer, execution=execution, dtype=self.dtype_policy, name="bert"
        )
        self.bert.build()
        self._argument_names = [
            name for name in inspect.signature(type(self).call).parameters if name not in ("self", "training")
        ]
        self.built = True

    def __call__(self, *args, training=None, **kwargs):
        inputs = gather_inputs(args, kwargs, self._argument_names)
        config = self.config
        check_within(inputs, config.vocab_size, config.type_vocab_size, config.max_position_embeddings)
        if training is not None:
            inputs["training"] = training
        return super().__call__(**inputs)

    def _run_bert(self, inputs: dict[str, Any], output_attentions, output_hidden_states, training) -> dict[str, Any]:
        """Run the shared part; flags that a call leaves open follow the config."""
        config = self.config
        return self.bert(
            **inputs,
            output_attentions=config.output_attentions if output_attentions is None else output_attentions,
            output_hidden_states=config.output_hidden_states if output_hidden_states is None else output_hidden_states,
            training=training,
        )

    def _returned(self, output: Any, return_dict: bool | None) -> Any:
        """Return the output object, or its tuple where the call or the config says so."""
        as_object = self.config.return_dict if return_dict is None else return_dict
        return output if as_object else output.to_tuple()

    @property
    def dummy_inputs(self) -> dict[str, tf.Tensor]:
        """A small batch of valid ids, int32 [2, 3]."""
        ids = tf.constant([[0, 0, 0], [0, 0, 0]], tf.int32)
        return {"input_ids": ids, "attention_mask": tf.ones_like(ids), "token_type_ids": tf.zeros_like(ids)}

    @classmethod
    def from_pretrained(
        cls,
        folder: str | PathLike,
        *,
        ignore_mismatched_sizes: bool = False,
        output_loading_info: bool = False,
        **overrides: Any,
    ) -> Any:
        """Load a Hugging Face checkpoint folder: `config.json` and `model.safetensors`.

        Args:
            folder: Path of the folder.
            ignore_mismatched_sizes: bool, default False. Make weights of another shape new instead of raising.
            output_loading_info: bool, default False. Return (model, info) with the missing, unexpected and mismatched
                weights by PyTorch's names.
            **overrides: Fields of the config to set differently, such as `num_labels=3`; and the options of the
                constructor: `execution`, `name` and `dtype`, such as "mixed_bfloat16".

        Returns:
            The model, or the model and a dict.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the config or the weights are no valid BERT, or weights are missing or of another shape.

        Example:
            >>> model = TFBertModel.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        """
        options = {name: overrides.pop(name) for name in cls.constructor_options if name in overrides}
        config = BertConfig.from_pretrained(folder, **overrides)
        arrays = read_weights(folder)
        model = cls(config, **options)
        source = str(Path(folder) / WEIGHTS_FILE)
        report = load_into(model, arrays, config.num_hidden_layers, source, ignore_mismatched_sizes)
        if not output_loading_info:
            return model
        return model, {
            "missing_keys": report.missing_keys,
            "unexpected_keys": report.unexpected_keys,
            "mismatched_keys": report.mismatched_keys,
        }

    def save_pretrained(self, folder: str | PathLike) -> None:
        """Write `config.json` and `model.safetensors`, which PyTorch's transformers reads.

        Args:
            folder: Path of the folder, which is made if it is missing.
        """
        architecture = type(self).__name__.removeprefix("TF")
        self.config.replace(architectures=[architecture]).save_pretrained(folder)
        arrays = arrays_of(self, self.config.num_hidden_layers, prefix=architecture != "BertModel")
        write_weights(arrays, folder)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            "name": self.name,
            "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": self.dtype_policy.get_config()},
            "config": self.config.to_dict(),
            "execution": self.bert.execution,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Build a model from what `get_config` returned."""
        return cls(**config)
