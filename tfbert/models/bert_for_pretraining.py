"""TFBertForPreTraining: masked pieces and the next sentence, as BERT is pretrained."""

from __future__ import annotations

import keras

from tfbert.layers.lm_prediction_head import BertLMPredictionHead
from tfbert.models.bert_for_next_sentence_prediction import next_sentence_head
from tfbert.models.model_inputs import ENCODER_ARGUMENTS
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.outputs import TFBertForPreTrainingOutput
from tfbert.training.objective import Objective


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertForPreTraining(BertPreTrainedModel):
    """BERT with both heads of its pretraining.

    Calling it takes `input_ids, attention_mask, token_type_ids, position_ids, head_mask, inputs_embeds,
    output_attentions, output_hidden_states, return_dict, labels, next_sentence_label`.

    Args:
        config: `BertConfig`; `tie_word_embeddings` says whether the first head shares the word table.
        execution: str, default "auto"; see `TFBertModel`.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called, a `TFBertForPreTrainingOutput` with `prediction_logits` float32 [B, S, V], `seq_relationship_logits`
        float32 [B, 2] and the scalar `loss`: that of `labels` int [B, S], of `next_sentence_label` int [B] (0 where the
        second text follows, 1 where it is random), or the sum of both.

    Example:
        >>> from tfbert import BertConfig, TFBertForPreTraining
        >>> config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
        >>> TFBertForPreTraining(config)([[5, 6, 7]]).seq_relationship_logits.shape
        TensorShape([1, 2])

    Source: `TFBertForPreTraining` of Hugging Face transformers 4; Devlin et al., "BERT" (2018), section 3.1.
    """

    arguments = (*ENCODER_ARGUMENTS, "labels", "next_sentence_label")
    output_class = TFBertForPreTrainingOutput
    has_pooler = True
    objectives = (
        Objective("labels", "prediction_logits"),
        Objective("next_sentence_label", "seq_relationship_logits"),
    )
    needs_every_label = False

    def make_head(self) -> None:
        """Make the head over the vocabulary and that over the next sentence."""
        self.predictions = BertLMPredictionHead.from_bert_config(self.config, dtype=self.dtype_policy)
        self.seq_relationship = next_sentence_head(self.config)

    def head(self, outputs, training):
        """Return `prediction_logits` [B, S, V] and `seq_relationship_logits` [B, 2]."""
        return {
            "prediction_logits": self.score_vocabulary(outputs["last_hidden_state"]),
            "seq_relationship_logits": self.seq_relationship(outputs["pooler_output"]),
        }
