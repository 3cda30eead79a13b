"""TFBertForQuestionAnswering: where in the text the answer begins and ends."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.layers.dense import bert_dense
from tfbert.models.model_inputs import ENCODER_ARGUMENTS
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.outputs import TFQuestionAnsweringModelOutput
from tfbert.training.losses.label_losses import SpanLoss, check_class_labels
from tfbert.training.objective import Objective


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertForQuestionAnswering(BertPreTrainedModel):
    """BERT with a dense layer that scores each position as the first and as the last of the answer.

    Calling it takes `input_ids, attention_mask, token_type_ids, position_ids, head_mask, inputs_embeds,
    output_attentions, output_hidden_states, return_dict, start_positions, end_positions`.

    Args:
        config: `BertConfig`.
        execution: str, default "padded", because PyTorch's loss compares all positions, padding too. With "packed" the
            logits at padding, and so the loss, are others; those at real positions are the same.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called, a `TFQuestionAnsweringModelOutput` with `start_logits` and `end_logits` float32 [B, S] and, where
        `start_positions` and `end_positions` int [B] are given, the scalar `loss`: the mean of both; positions beyond
        the input do not count.

    Example:
        >>> from tfbert import BertConfig, TFBertForQuestionAnswering
        >>> config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
        >>> TFBertForQuestionAnswering(config)([[5, 6, 7]]).start_logits.shape
        TensorShape([1, 3])

    Source: `TFBertForQuestionAnswering` of Hugging Face transformers 4, with PyTorch's loss.
    """

    arguments = (*ENCODER_ARGUMENTS, "start_positions", "end_positions")
    output_class = TFQuestionAnsweringModelOutput
    objectives = (
        Objective("start_positions", "start_logits", weight=0.5),
        Objective("end_positions", "end_logits", weight=0.5),
    )

    def __init__(self, config, execution="padded", **kwargs):
        super().__init__(config, execution=execution, **kwargs)

    def make_head(self) -> None:
        """Make the dense layer with two outputs, in full precision."""
        self.qa_outputs = bert_dense(2, self.config.initializer_range, name="qa_outputs", dtype="float32")
        self.qa_outputs.build((None, self.config.hidden_size))

    def head(self, outputs, training):
        """Return `start_logits` and `end_logits` [B, S]."""
        start, end = tf.unstack(self.qa_outputs(outputs["last_hidden_state"]), axis=-1)
        return {"start_logits": start, "end_logits": end}

    def loss_function(self, objective, labels=None) -> keras.losses.Loss:
        """Return cross-entropy over the positions of the input."""
        return SpanLoss(name="loss")

    def check_labels(self, objective, labels, logits) -> None:
        """Refuse labels that are not one position for each row."""
        check_class_labels(objective.label, labels, tuple(logits.shape[:1]))
