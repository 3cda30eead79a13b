"""TFBertForSequenceClassification: one class, several labels or a number for each text."""

from __future__ import annotations

import keras

from tfbert.models.labelled_model import LabelledModel
from tfbert.models.model_inputs import ENCODER_ARGUMENTS
from tfbert.outputs import TFSequenceClassifierOutput
from tfbert.training.losses.label_losses import check_labels, sequence_classification_loss


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertForSequenceClassification(LabelledModel):
    """BERT with dropout and a dense layer on the pooled vector.

    Calling it takes `input_ids, attention_mask, token_type_ids, position_ids, head_mask, inputs_embeds,
    output_attentions, output_hidden_states, return_dict, labels`.

    Args:
        config: `BertConfig`; `num_labels` and `problem_type` say what the head answers.
        execution: str, default "auto"; see `TFBertModel`.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called, a `TFSequenceClassifierOutput` with `logits` float32 [B, K] and, where `labels` are given (int [B], or
        float [B, K] for several labels, or float [B] for regression), the scalar `loss`.

    Example:
        >>> from tfbert import BertConfig, TFBertForSequenceClassification
        >>> config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, num_labels=3)
        >>> TFBertForSequenceClassification(config)([[5, 6, 7]]).logits.shape
        TensorShape([1, 3])

    Source: `TFBertForSequenceClassification` of Hugging Face transformers 4, with PyTorch's losses.
    """

    arguments = (*ENCODER_ARGUMENTS, "labels")
    output_class = TFSequenceClassifierOutput
    has_pooler = True

    def head(self, outputs, training):
        """Return `logits` [B, K] of the pooled vector."""
        return {"logits": self.classifier(outputs["pooler_output"], training=training)}

    def loss_function(self, objective, labels=None) -> keras.losses.Loss:
        """Return the loss of the config's `problem_type`; where it names none, labels decide."""
        return sequence_classification_loss(self.config, labels)

    def check_labels(self, objective, labels, logits) -> None:
        """Refuse labels whose shape does not belong to the problem type."""
        check_labels(self.config, labels, logits.shape[0])
