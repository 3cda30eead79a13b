"""Output objects of the models: read by attribute, by key, by index, or as a tuple."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from typing import Any

import optree
import tensorflow as tf


class ModelOutput(OrderedDict):
    """An ordered mapping of named tensors that also reads as an object and as a tuple.

    Fields without a value are left out: `output.hidden_states` is None where hidden states were not asked for, and
    `output[0]` is the first field that is there.

    Example:
        >>> from tfbert.outputs import TFSequenceClassifierOutput
        >>> output = TFSequenceClassifierOutput(logits="the logits")
        >>> output.logits, output["logits"], output[0], output.loss
        ('the logits', 'the logits', 'the logits', None)

    Source: `ModelOutput` of Hugging Face transformers.
    """

    fields: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.fields = tuple(inspect.get_annotations(cls)) or cls.fields
        # Keras walks nested outputs with optree, which takes an unregistered mapping for a single leaf.
        optree.register_pytree_node(cls, _flatten, lambda keys, values: cls(zip(keys, values)), namespace="keras")

    def __init__(self, pairs=(), **values):
        given = {**dict(pairs), **values}
        unknown = sorted(set(given) - set(self.fields))
        if unknown:
            raise TypeError(f"{type(self).__name__} has the fields {self.fields}. Received: {unknown}.")
        super().__init__((name, given[name]) for name in self.fields if given.get(name) is not None)

    def __getattr__(self, name: str) -> Any:
        if name in type(self).fields:
            return self.get(name)
        raise AttributeError(f"{type(self).__name__} has no field {name!r}; it has {type(self).fields}.")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).fields:
            self[name] = value
        else:
            super().__setattr__(name, value)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if isinstance(key, str) else self.to_tuple()[key]

    def __reduce__(self):
        return type(self), (list(self.items()),)

    def to_tuple(self) -> tuple[Any, ...]:
        """Return the values that are there, in the order of the fields."""
        return tuple(self.values())


def _flatten(output: ModelOutput):
    keys = tuple(output.keys())
    return tuple(output.values()), keys, keys


class TFBaseModelOutputWithPoolingAndCrossAttentions(ModelOutput):
    """What `TFBertModel` returns.

    Args:
        last_hidden_state: float [B, S, D]. Output of the last layer; zeros at padding where tokens ran packed.
        pooler_output: float [B, D]. Dense and tanh over the first position.
        past_key_values: tuple with (key, value) [B, H, T, K] of each layer of a decoder, with those of
            cross-attention four tensors; what the next call takes.
        hidden_states: tuple of `num_hidden_layers + 1` tensors [B, S, D]: the embeddings and each layer's output.
        attentions: tuple of `num_hidden_layers` tensors [B, H, S, T]: attention probabilities.
        cross_attentions: tuple of `num_hidden_layers` tensors [B, H, S, T]: probabilities of attention to the encoder.
    """

    last_hidden_state: tf.Tensor
    pooler_output: tf.Tensor | None
    past_key_values: tuple[tuple[tf.Tensor, ...], ...] | None
    hidden_states: tuple[tf.Tensor, ...] | None
    attentions: tuple[tf.Tensor, ...] | None
    cross_attentions: tuple[tf.Tensor, ...] | None


class TFBertForPreTrainingOutput(ModelOutput):
    """What `TFBertForPreTraining` returns.

    Args:
        loss: float32 scalar, where `labels`, `next_sentence_label` or both were given.
        prediction_logits: float32 [B, S, V]. Scores of each piece of the vocabulary.
        seq_relationship_logits: float32 [B, 2]. Scores of "is next" and "is random".
        hidden_states: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
        attentions: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
    """

    loss: tf.Tensor | None
    prediction_logits: tf.Tensor
    seq_relationship_logits: tf.Tensor
    hidden_states: tuple[tf.Tensor, ...] | None
    attentions: tuple[tf.Tensor, ...] | None


class TFCausalLMOutputWithCrossAttentions(ModelOutput):
    """What `TFBertLMHeadModel` returns.

    Args:
        loss: float32 scalar, where `labels` were given.
        logits: float32 [B, S, V]. Scores of each piece of the vocabulary as the next one.
        past_key_values: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
        hidden_states: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
        attentions: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
        cross_attentions: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
    """

    loss: tf.Tensor | None
    logits: tf.Tensor
    past_key_values: tuple[tuple[tf.Tensor, ...], ...] | None
    hidden_states: tuple[tf.Tensor, ...] | None
    attentions: tuple[tf.Tensor, ...] | None
    cross_attentions: tuple[tf.Tensor, ...] | None


class LogitsOutput(ModelOutput):
    """What a model with one head returns.

    Args:
        loss: float32 scalar, where labels were given.
        logits: float32. Scores, of the shape that the model's page says.
        hidden_states: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
        attentions: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
    """

    loss: tf.Tensor | None
    logits: tf.Tensor
    hidden_states: tuple[tf.Tensor, ...] | None
    attentions: tuple[tf.Tensor, ...] | None


class TFMaskedLMOutput(LogitsOutput):
    """What `TFBertForMaskedLM` returns: `logits` [B, S, V] over the vocabulary."""


class TFNextSentencePredictorOutput(LogitsOutput):
    """What `TFBertForNextSentencePrediction` returns: `logits` [B, 2] of "is next" and "is random"."""


class TFSequenceClassifierOutput(LogitsOutput):
    """What `TFBertForSequenceClassification` returns: `logits` [B, K] of classes, or regression values."""


class TFMultipleChoiceModelOutput(LogitsOutput):
    """What `TFBertForMultipleChoice` returns: `logits` [B, C] of the choices."""


class TFTokenClassifierOutput(LogitsOutput):
    """What `TFBertForTokenClassification` returns: `logits` [B, S, K] of each token's classes."""


class TFQuestionAnsweringModelOutput(ModelOutput):
    """What `TFBertForQuestionAnswering` returns.

    Args:
        loss: float32 scalar, where `start_positions` and `end_positions` were given.
        start_logits: float32 [B, S]. Scores of each position as the answer's first.
        end_logits: float32 [B, S]. Scores of each position as the answer's last.
        hidden_states: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
        attentions: as in `TFBaseModelOutputWithPoolingAndCrossAttentions`.
    """

    loss: tf.Tensor | None
    start_logits: tf.Tensor
    end_logits: tf.Tensor
    hidden_states: tuple[tf.Tensor, ...] | None
    attentions: tuple[tf.Tensor, ...] | None
