"""Weights of classes, as weights of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tfbert.tasks.labels.class_labels import check_numbers_are_clear


def class_weigher(class_weight: Mapping[Any, float], known: Mapping[str, int]) -> Callable[..., Any]:
    """Return a function that gives a batch the weights of its classes.

    Args:
        class_weight: dict from class number or name to float; a class that it leaves out weighs 1.
        known: dict from name to number of all classes.

    Returns:
        A function of features, labels and perhaps weights that returns features, labels and weights; labels that are
        to be ignored weigh nothing.

    Raises:
        ValueError: If a text has no one class, there is no such class, or a number may be the name of another one.
    """
    if not known:
        raise ValueError("`class_weight` needs one class for each text. Write `sample_weight` instead.")
    if any(not isinstance(name, str) for name in class_weight):
        check_numbers_are_clear("class_weight", known)
    of_number = dict.fromkeys(known.values(), 1.0)
    for name, weight in class_weight.items():
        number = known.get(name, name)
        if number not in of_number:
            raise ValueError(f"Unknown label {name!r} in `class_weight`; the model has {list(known)}.")
        of_number[number] = weight
    table = tf.constant([of_number[number] for number in sorted(of_number)], tf.float32)

    def weigh(features, labels, *weights):
        labels_of_rows = tf.reshape(labels, [-1])
        of_class = tf.where(labels_of_rows >= 0, tf.gather(table, tf.maximum(labels_of_rows, 0)), 0.0)
        return features, labels, of_class * weights[0] if weights else of_class

    return weigh
