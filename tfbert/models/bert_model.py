"""TFBertModel: the bare encoder."""

from __future__ import annotations

from typing import Any

import keras

from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.outputs import TFBaseModelOutputWithPoolingAndCrossAttentions


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertModel(BertPreTrainedModel):
    """BERT without a head: ids in, hidden states and pooled vector out.

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

    training_output = "last_hidden_state"
    constructor_options = (*BertPreTrainedModel.constructor_options, "add_pooling_layer")

    def __init__(self, config, add_pooling_layer=True, execution="auto", **kwargs):
        super().__init__(config, add_pooling_layer=add_pooling_layer, execution=execution, **kwargs)

    def call(
        self,
        input_ids=None,
        attention_mask=None,
        token_type_ids=None,
        position_ids=None,
        head_mask=None,
        inputs_embeds=None,
        output_attentions=None,
        output_hidden_states=None,
        return_dict=None,
        training=False,
    ):
        inputs = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": token_type_ids,
            "position_ids": position_ids,
            "head_mask": head_mask,
            "inputs_embeds": inputs_embeds,
        }
        outputs = self._run_bert(inputs, output_attentions, output_hidden_states, training)
        return self._returned(TFBaseModelOutputWithPoolingAndCrossAttentions(outputs), return_dict)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "add_pooling_layer": self.bert.add_pooling_layer}
