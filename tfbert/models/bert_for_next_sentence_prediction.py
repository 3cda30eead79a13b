"""TFBertForNextSentencePrediction: whether the second text follows the first."""

from __future__ import annotations

import keras

from tfbert.config import BertConfig
from tfbert.layers.dense import bert_dense
from tfbert.models.model_inputs import ENCODER_ARGUMENTS
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.outputs import TFNextSentencePredictorOutput
from tfbert.training.objective import Objective


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertForNextSentencePrediction(BertPreTrainedModel):
    """BERT with a dense layer on the pooled vector that tells a next sentence from a random one.

    Calling it takes `input_ids, attention_mask, token_type_ids, position_ids, head_mask, inputs_embeds,
    output_attentions, output_hidden_states, return_dict, next_sentence_label`.

    Args:
        config: `BertConfig`.
        execution: str, default "auto"; see `TFBertModel`.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called, a `TFNextSentencePredictorOutput` with `logits` float32 [B, 2] and, where `next_sentence_label` int [B]
        is given (0 where the second text follows, 1 where it is random), the scalar `loss`.

    Example:
        >>> from tfbert import BertConfig, TFBertForNextSentencePrediction
        >>> config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
        >>> TFBertForNextSentencePrediction(config)([[5, 6, 7]]).logits.shape
        TensorShape([1, 2])

    Source: `TFBertForNextSentencePrediction` of Hugging Face transformers 4; Devlin et al., "BERT" (2018), section 3.1.
    """

    arguments = (*ENCODER_ARGUMENTS, "next_sentence_label")
    output_class = TFNextSentencePredictorOutput
    has_pooler = True
    objectives = (Objective("next_sentence_label"),)

    def make_head(self) -> None:
        """Make the dense layer."""
        self.seq_relationship = next_sentence_head(self.config)

    def head(self, outputs, training):
        """Return `logits` [B, 2]."""
        return {"logits": self.seq_relationship(outputs["pooler_output"])}


def next_sentence_head(config: BertConfig) -> keras.layers.Dense:
    """Return the built dense layer from the pooled vector to "is next" and "is random", in full precision."""
    dense = bert_dense(2, config.initializer_range, name="seq_relationship", dtype="float32")
    dense.build((None, config.hidden_size))
    return dense
