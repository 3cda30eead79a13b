"""LateVariables: variables whose first values are computed only where no checkpoint brings any."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf


class LateVariables:
    """Makes variables without values, and gives those that stay empty their first ones later.

    Random values for a whole model take longer than reading it from a file, and memory beside it.

    Example:
        >>> import keras
        >>> with LateVariables() as late:
        ...     layer = keras.layers.Dense(2)
        ...     layer.build((None, 3))
        >>> _ = layer.bias.assign([1.0, 2.0])
        >>> late.fill(layer.variables, except_for=[layer.bias])
        >>> bool(tf.reduce_all(layer.kernel != 0)), layer.bias.numpy()
        (True, array([1., 2.], dtype=float32))
    """

    def __init__(self):
        self._initial_values: dict[int, Callable[[], Any]] = {}
        self._scope = tf.variable_creator_scope(self._create)

    def __enter__(self) -> LateVariables:
        self._scope.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._scope.__exit__(*error)

    def fill(self, variables: Iterable[Any], except_for: Iterable[Any]) -> None:
        """Give variables their first values.

        Args:
            variables: Keras variables, all those that were made in the block.
            except_for: Keras variables that have values by now.
        """
        full = {id(variable) for variable in except_for}
        for variable in variables:
            if id(variable) not in full and id(variable.value) in self._initial_values:
                variable.assign(self._initial_values[id(variable.value)]())

    def _create(self, next_creator: Callable[..., tf.Variable], **options: Any) -> tf.Variable:
        initial_value = options["initial_value"]
        if not callable(initial_value):
            return next_creator(**options)
        with tf.Graph().as_default():  # nobody runs it; it tells shape and type
            made = tf.convert_to_tensor(initial_value())
        # Memory that nothing has touched takes none yet.
        options["initial_value"] = lambda: tf.raw_ops.Empty(shape=made.shape, dtype=made.dtype)
        variable = next_creator(**options)
        self._initial_values[id(variable)] = initial_value
        return variable
