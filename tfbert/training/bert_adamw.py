"""BertAdamW: AdamW as BERT is fine-tuned with."""

from __future__ import annotations

import keras

SPARED_FROM_DECAY = ["bias", "gamma", "beta"]


@keras.saving.register_keras_serializable(package="tfbert")
class BertAdamW(keras.optimizers.AdamW):
    """AdamW whose weight decay spares biases and layer normalisation.

    Args:
        learning_rate: float or schedule, default 5e-5.
        weight_decay: float, default 0.01.
        **kwargs: Further arguments of `keras.optimizers.AdamW`.

    Example:
        >>> from tfbert.training import BertAdamW, LinearWarmup
        >>> optimizer = BertAdamW(LinearWarmup(5e-5, total_steps=1000), global_clipnorm=1.0)

    Source: Devlin et al., "BERT" (2018), appendix A; Loshchilov & Hutter, "Decoupled weight decay" (2019).
    """

    def __init__(self, learning_rate=5e-5, weight_decay=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, **kwargs)
        self.exclude_from_weight_decay(var_names=SPARED_FROM_DECAY)
