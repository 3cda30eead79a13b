"""What keeps a student from answering as its teacher does, a number for each row.

Letters: B rows, K classes, S positions, D width.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfbert.training.distributed.replicas import mean_over_replicas


def teacher_loss(problem_type: str, teacher: tf.Tensor, student: tf.Tensor, temperature: float) -> tf.Tensor:
    """Return how far a student's answers are from its teacher's.

    Args:
        problem_type: str, as `problem_type_of` returns it.
        teacher: float [..., K]. Logits, or the numbers of a regression.
        student: float [..., K].
        temperature: float. Divides the logits of both, so that the small chances of wrong classes count too.

    Returns:
        float32 [...]. Of one class a row the divergence between the two distributions times the temperature squared, of
        several labels the mean of theirs; of numbers the mean squared difference.

    Source: Hinton et al., "Distilling the knowledge in a neural network" (2015), section 2.
    """
    teacher, student = tf.cast(teacher, tf.float32), tf.cast(student, tf.float32)
    if problem_type == "regression":
        return tf.reduce_mean(tf.square(teacher - student), axis=-1)
    teacher, student = teacher / temperature, student / temperature
    if problem_type == "multi_label_classification":
        chances = tf.sigmoid(teacher)
        cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(chances, student)
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(chances, teacher)
        return temperature**2 * tf.reduce_mean(cross_entropy - entropy, axis=-1)
    difference = tf.nn.log_softmax(teacher) - tf.nn.log_softmax(student)
    return temperature**2 * tf.reduce_sum(tf.nn.softmax(teacher) * difference, axis=-1)


def mean_of_rows(losses: tf.Tensor, weights: Any = None, mask: Any = None) -> tf.Tensor:
    """Return the mean of losses as Keras has it: weights scale what they belong to, but not the count.

    Args:
        losses: float [B] or [B, S].
        weights: float [B] or None.
        mask: [B, S] or None. Above 0 where a loss counts.

    Returns:
        A float32 scalar; on several devices it is that of all rows, on each.
    """
    counts = tf.ones_like(losses) if mask is None else tf.cast(mask > 0, losses.dtype)
    if weights is not None:
        losses *= tf.reshape(tf.cast(weights, losses.dtype), [-1, *[1] * (losses.shape.rank - 1)])
    count = tf.reduce_sum(counts)
    return mean_over_replicas(tf.math.divide_no_nan(tf.reduce_sum(losses * counts), count), count)
