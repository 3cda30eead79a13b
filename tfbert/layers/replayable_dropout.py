"""ReplayableDropout: dropout whose random numbers may be drawn before it runs, and are saved."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

STATE = "seed_generator_state"


@keras.saving.register_keras_serializable(package="tfbert")
class ReplayableDropout(keras.layers.Dropout):
    """Keras' dropout, which also takes a seed that was drawn earlier.

    Gradient checkpointing runs a layer twice, and both runs must drop the same values: their seeds are drawn once,
    outside. Its random state is saved with the weights, so that a training that is resumed from them (by
    `keras.callbacks.BackupAndRestore`, say) drops what it would have dropped.

    Args:
        rate: float in [0, 1].
        **kwargs: Further arguments of `keras.layers.Dropout`.

    Returns:
        A tensor of the input's shape.

    Example:
        >>> dropout = ReplayableDropout(0.5)
        >>> seed = dropout.draw_seed()
        >>> x = tf.ones([100])
        >>> bool(tf.reduce_all(dropout(x, training=True, seed=seed) == dropout(x, training=True, seed=seed)))
        True
    """

    def draw_seed(self) -> tf.Tensor:
        """Return a new seed, int32 [2]; each call advances the layer's random state."""
        state = self.seed_generator.next() if self.rate > 0 else tf.zeros([2], tf.int32)
        replica = tf.distribute.get_replica_context()  # each drops others; all keep the same state
        number = 0 if replica is None else replica.replica_id_in_sync_group
        return tf.cast(tf.convert_to_tensor(state), tf.int32) + tf.stack([number, 0])

    def call(self, inputs, training=False, seed=None) -> Any:
        if not training or self.rate == 0:
            return inputs
        seed = self.draw_seed() if seed is None else seed
        return tf.nn.experimental.stateless_dropout(inputs, rate=self.rate, seed=seed)

    def save_own_variables(self, store):
        if self.rate > 0:
            store[STATE] = self.seed_generator.state

    def load_own_variables(self, store):
        if self.rate > 0 and STATE in store:  # files of Keras' own dropout, and of other rates, lack it
            self.seed_generator.state.assign(store[STATE])
