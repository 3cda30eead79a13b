"""TFBertForMultipleChoice: the best of several continuations."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.layers.classification_head import ClassificationHead
from tfbert.models.model_inputs import ENCODER_ARGUMENTS, PER_TEXT_ARGUMENTS
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.outputs import TFMultipleChoiceModelOutput


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertForMultipleChoice(BertPreTrainedModel):
    """BERT with dropout and a dense layer that gives each choice of a row one score.

    Calling it takes `input_ids, attention_mask, token_type_ids, position_ids, head_mask, inputs_embeds,
    output_attentions, output_hidden_states, return_dict, labels`.

    Args:
        config: `BertConfig`.
        execution: str, default "auto"; see `TFBertModel`.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called with ids [B, C, S], a `TFMultipleChoiceModelOutput` with `logits` float32 [B, C] and, where `labels` int
        [B] are given, the scalar `loss`.

    Example:
        >>> from tfbert import BertConfig, TFBertForMultipleChoice
        >>> config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
        >>> TFBertForMultipleChoice(config)([[[5, 6, 7], [5, 8, 9]]]).logits.shape
        TensorShape([1, 2])

    Source: `TFBertForMultipleChoice` of Hugging Face transformers 4, with PyTorch's dropout and loss.
    """

    arguments = (*ENCODER_ARGUMENTS, "labels")
    output_class = TFMultipleChoiceModelOutput
    has_pooler = True
    takes_choices = True

    def make_head(self) -> None:
        """Make dropout and a dense layer with one output."""
        self.classifier = ClassificationHead.from_bert_config(self.config, num_labels=1)

    def run(self, inputs, training):
        """Run each choice as a row of its own."""
        ids = inputs["input_ids"] if "input_ids" in inputs else inputs["inputs_embeds"]
        choices = ids.shape[1] if ids.shape[1] is not None else tf.shape(ids)[1]
        rows = {name: _as_rows(value) if name in PER_TEXT_ARGUMENTS else value for name, value in inputs.items()}
        outputs = super().run(rows, training)
        return {**outputs, "logits": tf.reshape(outputs["logits"], [-1, choices])}

    def head(self, outputs, training):
        """Return `logits` [B·C, 1]."""
        return {"logits": self.classifier(outputs["pooler_output"], training=training)}


def _as_rows(tensor):
    """[B, C, …] to [B·C, …]."""
    shape = tf.shape(tensor)
    flat = tf.reshape(tensor, tf.concat([[shape[0] * shape[1]], shape[2:]], axis=0))
    return tf.ensure_shape(flat, [None, *tensor.shape[2:]])
