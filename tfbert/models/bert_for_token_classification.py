"""TFBertForTokenClassification: a class for each token."""

from __future__ import annotations

import keras

from tfbert.models.labelled_model import LabelledModel
from tfbert.models.model_inputs import ENCODER_ARGUMENTS
from tfbert.outputs import TFTokenClassifierOutput


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertForTokenClassification(LabelledModel):
    """BERT with dropout and a dense layer on every token.

    Calling it takes `input_ids, attention_mask, token_type_ids, position_ids, head_mask, inputs_embeds,
    output_attentions, output_hidden_states, return_dict, labels`.

    Args:
        config: `BertConfig`; `num_labels` says how many classes there are.
        execution: str, default "auto"; see `TFBertModel`.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called, a `TFTokenClassifierOutput` with `logits` float32 [B, S, K] and, where `labels` int [B, S] are given,
        the scalar `loss` over the labels that are not -100.

    Example:
        >>> from tfbert import BertConfig, TFBertForTokenClassification
        >>> config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, num_labels=5)
        >>> TFBertForTokenClassification(config)([[5, 6, 7]]).logits.shape
        TensorShape([1, 3, 5])

    Source: `TFBertForTokenClassification` of Hugging Face transformers 4, with PyTorch's loss.
    """

    arguments = (*ENCODER_ARGUMENTS, "labels")
    output_class = TFTokenClassifierOutput

    def head(self, outputs, training):
        """Return `logits` [B, S, K]."""
        return {"logits": self.classifier(outputs["last_hidden_state"], training=training)}
