"""HiddenStateMatch: how far a student's hidden states are from its teacher's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfbert.option_checks import is_integer

UNIFORM = "uniform"


class HiddenStateMatch(keras.layers.Layer):
    """Compares layers of a student with layers of its teacher, by a learned projection where their widths differ.

    Calling it takes the hidden states of both, tuples of L + 1 tensors [B, S, D], the embeddings first.

    Args:
        layers: dict from layer of the student to layer of the teacher; 0 is the embeddings.
        student_width: int.
        teacher_width: int.
        first_only: bool, default False. Compare the first position of each text, that of [CLS], and no other: what
            remains where the two do not cut texts into the same tokens.

    Returns:
        Called, float32 [B, S], or [B, 1]: the mean squared difference of the states of each position.

    Source: Jiao et al., "TinyBERT" (2020), equations 8 and 9.
    """

    def __init__(self, layers, student_width, teacher_width, first_only=False, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.pairs = tuple(sorted(layers.items()))
        self.first_only = first_only
        self.projection = None
        if student_width != teacher_width:
            self.projection = keras.layers.Dense(teacher_width, dtype="float32", name="projection")
            self.projection.build((None, student_width))
        self.built = True

    def call(self, student: Sequence[tf.Tensor], teacher: Sequence[tf.Tensor]) -> tf.Tensor:
        end = 1 if self.first_only else None
        losses = []
        for of_student, of_teacher in self.pairs:
            mine = tf.cast(student[of_student][:, :end], tf.float32)
            mine = mine if self.projection is None else self.projection(mine)
            difference = mine - tf.cast(teacher[of_teacher][:, :end], tf.float32)
            losses.append(tf.reduce_mean(tf.square(difference), axis=-1))
        return tf.add_n(losses) / len(losses)


def layers_to_match(
    given: Mapping[int, int] | str, student_layers: int, teacher_layers: int, with_embeddings: bool
) -> dict[int, int]:
    """Return which layers of a student are compared with which of its teacher.

    Args:
        given: dict from layer of the student to layer of the teacher, where 0 is the embeddings; or "uniform", which
            spreads the student's layers over the teacher's.
        student_layers: int. M.
        teacher_layers: int. N.
        with_embeddings: bool. Whether "uniform" compares embeddings too.

    Returns:
        A dict from int to int; "uniform" gives layer m the teacher's layer m · N / M, rounded.

    Raises:
        ValueError: If there is no such layer.

    Example:
        >>> layers_to_match("uniform", 2, 6, with_embeddings=True)
        {0: 0, 1: 3, 2: 6}

    Source: Jiao et al., "TinyBERT" (2020), section 3.1.
    """
    if given == UNIFORM:
        first = 0 if with_embeddings else 1
        return {layer: round(layer * teacher_layers / student_layers) for layer in range(first, student_layers + 1)}
    pairs: dict[Any, Any] = dict(given) if isinstance(given, Mapping) else {}
    are_layers = [_is_layer(mine, student_layers) and _is_layer(its, teacher_layers) for mine, its in pairs.items()]
    if not pairs or not all(are_layers):
        raise ValueError(
            f"`hidden_states` must be None, {UNIFORM!r}, or a dict from layers of the student, 0 to {student_layers}, "
            f"to layers of the teacher, 0 to {teacher_layers}, where 0 is the embeddings. Received: {given!r}."
        )
    return {int(mine): int(its) for mine, its in pairs.items()}


def _is_layer(number: Any, count: int) -> bool:
    return is_integer(number) and 0 <= int(number) <= count
