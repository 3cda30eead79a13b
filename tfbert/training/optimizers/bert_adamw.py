"""BertAdamW: AdamW as PyTorch computes it and as BERT is fine-tuned with."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.training.optimizers.layer_rates import layer_rates

SPARED_FROM_DECAY = ["bias", "gamma", "beta"]


@keras.saving.register_keras_serializable(package="tfbert")
class BertAdamW(keras.optimizers.AdamW):
    """AdamW whose weight decay spares biases and layer normalisation.

    It follows `torch.optim.AdamW`: the decay `learning_rate * weight_decay * weight` comes before the step, and
    `epsilon` is added to the corrected root of the second moment. Clipping sees the gradients of all replicas together.

    Args:
        learning_rate: float or schedule, default 5e-5. With `gradient_accumulation_steps` a schedule counts batches.
        weight_decay: float, default 0.01.
        beta_1: float, default 0.9.
        beta_2: float, default 0.999.
        epsilon: float, default 1e-8.
        layer_decay: float above 0 up to 1, default 1.0. Of L transformer layers, layer i from 1 to L learns at the rate
            times `layer_decay**(L + 1 - i)`, the embeddings at `layer_decay**(L + 1)`, pooler and head at the full one.
        **kwargs: Further arguments of `keras.optimizers.AdamW`.

    Raises:
        ValueError: If `layer_decay` is out of range, or there are no layers that it could tell apart; in training, if
            gradients are to be accumulated on several devices.

    Example:
        >>> from tfbert.training import BertAdamW, LinearWarmup
        >>> optimizer = BertAdamW(LinearWarmup(5e-5, total_steps=1000), global_clipnorm=1.0)

    Source: Loshchilov & Hutter, "Decoupled weight decay" (2019), algorithm 2; Devlin et al., "BERT" (2018), appendix A;
    `torch.optim.AdamW`; for `layer_decay` see `layer_rates`.
    """

    def __init__(
        self,
        learning_rate=5e-5,
        weight_decay=0.01,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        layer_decay=1.0,
        **kwargs,
    ):
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            **kwargs,
        )
        if not 0 < layer_decay <= 1:
            raise ValueError(f"`layer_decay` must lie above 0 and not above 1. Received: {layer_decay!r}.")
        self.layer_decay = layer_decay
        self.exclude_from_weight_decay(var_names=SPARED_FROM_DECAY)

    def build(self, variables):
        if not self.built:
            self._rates = layer_rates([getattr(v, "path", v.name) for v in variables], self.layer_decay)
        super().build(variables)

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        rate = self._rates[index] * tf.cast(learning_rate, tf.float32)
        if self._use_weight_decay(variable):
            variable.assign(variable * tf.cast(1 - rate * self.weight_decay, variable.dtype))
        step = tf.cast(self.iterations + 1, tf.float32)
        root_correction = tf.sqrt(_one_minus_power(self.beta_2, step))
        rate *= root_correction / _one_minus_power(self.beta_1, step)
        epsilon = self.epsilon * root_correction
        update = self._one_pass if _takes_one_pass(variable) and not self.amsgrad else self._pass_by_pass
        update(index, gradient, variable, rate, epsilon)

    def _one_pass(self, index, gradient, variable, rate, epsilon):
        """Change moments and weights in one pass over memory; the corrections are in `rate` and `epsilon` already."""
        dtype = variable.dtype
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.zeros([], dtype),
            beta2_power=tf.zeros([], dtype),
            lr=tf.cast(rate, dtype),
            beta1=tf.cast(self.beta_1, dtype),
            beta2=tf.cast(self.beta_2, dtype),
            epsilon=tf.cast(epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )

    def _pass_by_pass(self, index, gradient, variable, rate, epsilon):
        """Do the same in float32, where 1 - beta_2 does not vanish, for variables of less and for amsgrad."""
        momentum, velocity = self._momentums[index], self._velocities[index]
        g, m, v = (tf.cast(tensor, tf.float32) for tensor in (gradient, momentum, velocity))
        m += (g - m) * (1 - self.beta_1)
        v += (tf.square(g) - v) * (1 - self.beta_2)
        self.assign(momentum, m)
        self.assign(velocity, v)
        if self.amsgrad:
            v = tf.maximum(v, tf.cast(self._velocity_hats[index], tf.float32))
            self.assign(self._velocity_hats[index], v)
        self.assign_sub(variable, rate * m / (tf.sqrt(v) + epsilon))

    def _backend_apply_gradients(self, grads, trainable_variables):
        if self.gradient_accumulation_steps and self._distribution_strategy.num_replicas_in_sync > 1:
            raise ValueError(
                "Keras accumulates gradients on one device only. Leave out `gradient_accumulation_steps`, and take "
                "batches of that many times the size."
            )
        # Rows that a sparse gradient names twice are to be summed before anything is squared.
        super()._backend_apply_gradients([tf.convert_to_tensor(g) for g in grads], trainable_variables)

    def _clip_gradients(self, grads):
        # Summed over replicas first, so that many devices clip what one would.
        grads = [gradient for gradient, _ in super()._all_reduce_sum_gradients([(g, None) for g in grads])]
        if self.global_clipnorm:
            return tf.clip_by_global_norm(grads, self.global_clipnorm)[0]
        return super()._clip_gradients(grads)

    def _all_reduce_sum_gradients(self, grads_and_vars):
        return grads_and_vars  # `_clip_gradients` has done so

    def _apply_weight_decay(self, variables):
        """Nothing here: `update_step` does it, with the rate of each variable."""

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "layer_decay": self.layer_decay}


def _takes_one_pass(variable: tf.Variable) -> bool:
    return variable.dtype in (tf.float32, tf.float64)


def _one_minus_power(beta: float, step: tf.Tensor) -> tf.Tensor:
    """1 - beta**step without its cancellation, for the float32 next to beta, which the moments are made with."""
    return -tf.math.expm1(step * math.log(np.float32(beta))) if beta else tf.ones_like(step)
