"""The dense layer as BERT initialises it."""

from __future__ import annotations

import keras


def bert_dense(units: int, initializer_range: float, name: str, **options) -> keras.layers.Dense:
    """Return a dense layer with a truncated normal kernel.

    Args:
        units: int. Width of the output.
        initializer_range: float. Standard deviation of the new kernel.
        name: str.
        **options: Further arguments of `keras.layers.Dense`.

    Returns:
        A `keras.layers.Dense`.
    """
    # A new initializer each time: Keras' initializers are stateless, a shared one repeats its numbers.
    initializer = keras.initializers.TruncatedNormal(stddev=initializer_range)
    return keras.layers.Dense(units, kernel_initializer=initializer, name=name, **options)
