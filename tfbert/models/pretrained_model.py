"""BertPreTrainedModel: the call contract of every model."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.layers.embeddings import BertEmbeddings
from tfbert.layers.swap_layer import swap_layer
from tfbert.models.compilable_model import CompilableModel
from tfbert.models.main_layer import BertMainLayer, keras_config_of, read_config
from tfbert.models.model_inputs import (
    ENCODER_ARGUMENTS,
    check_decoder_inputs,
    check_within,
    gather_inputs,
)
from tfbert.models.surgery import pruned_encoder, resized_embeddings, resized_head
from tfbert.outputs import ModelOutput
from tfbert.training.losses.label_losses import check_class_labels, cross_entropy


class BertPreTrainedModel(CompilableModel):
    """What every BERT model shares: `self.bert`, the forms of a call, losses, files, and changes of its parts.

    A model is called with `input_ids` alone, a list in the documented order, a dict, or keywords; with NumPy arrays,
    nested lists, tensors or symbolic Keras tensors; eagerly, in `tf.function`, in a functional model, and by `fit`,
    `evaluate` and `predict`. A sub-class says which arguments it takes (`arguments`), what its head makes of the
    hidden states (`head`), and what is compared with labels (`objectives`).

    Args:
        config: `BertConfig`, or its dict.
        add_pooling_layer: bool or None, default None. None takes what the class needs.
        execution: str, default "auto"; see `BertMainLayer`.
        **kwargs: `name` and `dtype` of the Keras model.
    """

    arguments: ClassVar[tuple[str, ...]] = ENCODER_ARGUMENTS
    output_class: ClassVar[type[ModelOutput]]
    has_pooler: ClassVar[bool] = False
    takes_choices: ClassVar[bool] = False
    constructor_options: ClassVar[tuple[str, ...]] = ("execution", "name", "dtype")

    def __init__(
        self, config: BertConfig | dict, add_pooling_layer: bool | None = None, execution: str = "auto", **kwargs
    ):
        super().__init__(**kwargs)
        if add_pooling_layer is not None and "add_pooling_layer" not in self.constructor_options:
            raise TypeError(f"{type(self).__name__} takes no `add_pooling_layer`: its head decides.")
        self.config = read_config(config)
        self.bert = BertMainLayer(
            self.config,
            self.has_pooler if add_pooling_layer is None else add_pooling_layer,
            execution=execution,
            dtype=self.dtype_policy,
            name="bert",
        )
        self.bert.build()
        self.make_head()
        self.built = True

    # === What a sub-class says ===

    def make_head(self) -> None:
        """Make the layers of the head, as the config says."""

    def score_vocabulary(self, hidden_states: tf.Tensor) -> tf.Tensor:
        """Return the logits [..., V] of a model with a head over the vocabulary; a tied one reads the word table."""
        table = tf.convert_to_tensor(self.bert.embeddings.word_embeddings) if self.predictions.tied else None
        return self.predictions(hidden_states, word_embeddings=table)

    def loss_function(self, objective, labels=None) -> keras.losses.Loss | None:
        """Return softmax cross-entropy without the label -100, the loss of most heads."""
        return cross_entropy()

    def check_labels(self, objective, labels, logits) -> None:
        """Refuse labels that are not one class number for each row of logits."""
        check_class_labels(objective.label, labels, tuple(logits.shape[:-1]))

    # === Calling ===

    def __call__(self, *args, training=None, **kwargs):
        inputs = gather_inputs(args, kwargs, self.arguments, self.takes_choices)
        self.check_inputs(inputs)
        if training is not None:
            inputs["training"] = training
        return super().__call__(**inputs)

    def check_inputs(self, inputs: dict[str, Any]) -> None:
        """Refuse inputs that the embedding tables or the kind of model have no place for."""
        check_within(inputs, self.config)
        check_decoder_inputs(inputs, self.config)

    def call(
        self,
        input_ids=None,
        attention_mask=None,
        token_type_ids=None,
        position_ids=None,
        head_mask=None,
        inputs_embeds=None,
        encoder_hidden_states=None,
        encoder_attention_mask=None,
        past_key_values=None,
        use_cache=None,
        output_attentions=None,
        output_hidden_states=None,
        return_dict=None,
        labels=None,
        next_sentence_label=None,
        start_positions=None,
        end_positions=None,
        training=False,
    ):
        # Keras needs every argument by name; which of them a class takes, `__call__` has seen to.
        inputs = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": token_type_ids,
            "position_ids": position_ids,
            "head_mask": head_mask,
            "inputs_embeds": inputs_embeds,
            "encoder_hidden_states": encoder_hidden_states,
            "encoder_attention_mask": encoder_attention_mask,
            "past_key_values": past_key_values,
            "use_cache": use_cache,
            "output_attentions": output_attentions,
            "output_hidden_states": output_hidden_states,
        }
        every_label = {
            "labels": labels,
            "next_sentence_label": next_sentence_label,
            "start_positions": start_positions,
            "end_positions": end_positions,
        }
        given = {name: label for name, label in every_label.items() if label is not None}
        outputs = self.run({name: value for name, value in inputs.items() if value is not None}, training)
        if given:
            outputs["loss"] = self.own_loss(given, outputs)
        output = self.output_class({name: outputs.get(name) for name in self.output_class.fields})
        as_object = self.config.return_dict if return_dict is None else return_dict
        return output if as_object else output.to_tuple()

    @property
    def dummy_inputs(self) -> dict[str, tf.Tensor]:
        """A small batch of valid ids, int32 [2, 3], or [2, 2, 3] where the model takes choices."""
        ids = tf.zeros([2, 2, 3] if self.takes_choices else [2, 3], tf.int32)
        return {"input_ids": ids, "attention_mask": tf.ones_like(ids), "token_type_ids": tf.zeros_like(ids)}

    # === Changes of its parts ===

    def get_input_embeddings(self) -> BertEmbeddings:
        """Return the embeddings; their `weight` is the word table [V, D]."""
        return self.bert.embeddings

    def get_output_embeddings(self) -> keras.layers.Layer | None:
        """Return the head over the vocabulary, or None where the model has none."""
        return getattr(self, "predictions", None)

    def get_bias(self) -> dict[str, Any] | None:
        """Return the bias [V] of the head over the vocabulary by name, or None."""
        head = self.get_output_embeddings()
        return None if head is None else {"cls.predictions.bias": head.bias}

    def gradient_checkpointing_enable(self) -> None:
        """Train with less memory and about a third more time: keep the inputs of layers only, compute the rest anew."""
        self._set_gradient_checkpointing(True)

    def gradient_checkpointing_disable(self) -> None:
        """Train as usual again."""
        self._set_gradient_checkpointing(False)

    def _set_gradient_checkpointing(self, value: bool) -> None:
        self.bert.encoder.gradient_checkpointing = value
        self.forget_graphs()

    def prune_heads(self, heads_to_prune: dict[int, list[int]]) -> None:
        """Remove attention heads for good; the config remembers them.

        Args:
            heads_to_prune: dict from layer to list of heads, both by their numbers in the model as it was trained.

        Raises:
            ValueError: If there is no such head, a layer would keep none, or the model has low-rank adapters.

        Example:
            >>> model.prune_heads({0: [1, 3]})  # doctest: +SKIP
        """
        if self.lora is not None:
            raise ValueError("Heads of a model with adapters cannot be pruned. Call `model.merge_lora()` first.")
        with self.distribute_strategy.scope():
            config, encoder = pruned_encoder(self.bert, heads_to_prune)
            swap_layer(self.bert, "encoder", encoder)
        self.freeze_new_parts()
        self.take_config(config)

    def resize_token_embeddings(self, new_num_tokens: int | None = None) -> BertEmbeddings:
        """Change the number of rows of the word table, and of the head over the vocabulary.

        Args:
            new_num_tokens: int or None. Rows beyond the present ones are new and untrained; None changes nothing.

        Returns:
            The embeddings.

        Raises:
            ValueError: If the number is no positive integer.
        """
        if new_num_tokens is not None and new_num_tokens != self.config.vocab_size:
            config = self.config.replace(vocab_size=new_num_tokens)
            with self.distribute_strategy.scope():
                swap_layer(self.bert, "embeddings", resized_embeddings(self.bert, config))
                if self.get_output_embeddings() is not None:
                    swap_layer(self, "predictions", resized_head(self.predictions, new_num_tokens))
            self.freeze_new_parts()
            self.take_config(config)
        return self.bert.embeddings

    def take_config(self, config: BertConfig) -> None:
        """Take a config that describes the model as it now is."""
        self.config = self.bert.config = config
        self.forget_compiled_functions()

    # === Keras archives ===

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument, and what is frozen or adapted."""
        return {
            **super().get_config(),
            "name": self.name,
            "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": self.dtype_policy.get_config()},
            "config": keras_config_of(self.config),
            "execution": self.bert.execution,
        }
