"""TFBertModel: the bare encoder, or decoder."""

from __future__ import annotations

from typing import Any

import keras

from tfbert.models.model_inputs import DECODER_ARGUMENTS
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.outputs import TFBaseModelOutputWithPoolingAndCrossAttentions
from tfbert.training.objective import Objective


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertModel(BertPreTrainedModel):
    """BERT without a head: ids in, hidden states and pooled vector out.

    Calling it takes `input_ids, attention_mask, token_type_ids, position_ids, head_mask, inputs_embeds,
    encoder_hidden_states, encoder_attention_mask, past_key_values, use_cache, output_attentions, output_hidden_states,
    return_dict`; those from `encoder_hidden_states` to `use_cache` are for a decoder, which `is_decoder=True` in the
    config makes, with `add_cross_attention=True` one that attends to an encoder.

    Args:
        config: `BertConfig`.
        add_pooling_layer: bool, default True.
        execution: str, default "auto". "packed" computes on real tokens only, "padded" on all positions.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called, a `TFBaseModelOutputWithPoolingAndCrossAttentions`; with `return_dict=False` its tuple.

    Example:
        >>> from tfbert import BertConfig, TFBertModel
        >>> config = BertConfig(vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
        >>> TFBertModel(config)([[5, 6, 7]]).last_hidden_state.shape
        TensorShape([1, 3, 8])

    Source: `TFBertModel` of Hugging Face transformers 4; Devlin et al., "BERT" (2018).
    """

    arguments = DECODER_ARGUMENTS
    output_class = TFBaseModelOutputWithPoolingAndCrossAttentions
    objectives = (Objective(output="last_hidden_state"),)
    constructor_options = (*BertPreTrainedModel.constructor_options, "add_pooling_layer")

    def __init__(self, config, add_pooling_layer=True, execution="auto", **kwargs):
        super().__init__(config, add_pooling_layer=add_pooling_layer, execution=execution, **kwargs)

    def loss_function(self, objective, labels=None) -> keras.losses.Loss | None:
        """Return None: hidden states have no loss of their own."""
        return None

    def check_labels(self, objective, labels, logits) -> None:
        """Refuse nothing: what hidden states are compared with is the user's loss's affair."""

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "add_pooling_layer": self.bert.add_pooling_layer}
