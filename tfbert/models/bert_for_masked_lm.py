"""TFBertForMaskedLM: the pieces that stand behind [MASK]."""

from __future__ import annotations

import keras

from tfbert.layers.lm_prediction_head import BertLMPredictionHead
from tfbert.models.model_inputs import ENCODER_ARGUMENTS
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.outputs import TFMaskedLMOutput


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertForMaskedLM(BertPreTrainedModel):
    """BERT with a head that scores every piece of the vocabulary at every position.

    Calling it takes `input_ids, attention_mask, token_type_ids, position_ids, head_mask, inputs_embeds,
    output_attentions, output_hidden_states, return_dict, labels`.

    Args:
        config: `BertConfig`; `tie_word_embeddings` says whether the head shares the word table.
        execution: str, default "auto"; see `TFBertModel`.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called, a `TFMaskedLMOutput` with `logits` float32 [B, S, V] and, where `labels` int [B, S] are given, the
        scalar `loss` over the labels that are not -100.

    Example:
        >>> from tfbert import BertConfig, TFBertForMaskedLM
        >>> config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
        >>> TFBertForMaskedLM(config)([[5, 6, 7]]).logits.shape
        TensorShape([1, 3, 99])

    Source: `TFBertForMaskedLM` of Hugging Face transformers 4; Devlin et al., "BERT" (2018), section 3.1.
    """

    arguments = (*ENCODER_ARGUMENTS, "labels")
    output_class = TFMaskedLMOutput

    def make_head(self) -> None:
        """Make the head over the vocabulary."""
        self.predictions = BertLMPredictionHead.from_bert_config(self.config, dtype=self.dtype_policy)

    def head(self, outputs, training):
        """Return `logits` [B, S, V]."""
        return {"logits": self.score_vocabulary(outputs["last_hidden_state"])}
