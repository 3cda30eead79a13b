"""LinearWarmup: the learning rate schedule of BERT's fine-tuning."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.option_checks import check_count


@keras.saving.register_keras_serializable(package="tfbert")
class LinearWarmup(keras.optimizers.schedules.LearningRateSchedule):
    """Rises from 0 to the peak over the first steps, then falls to 0 at the last one, both linearly.

    Args:
        peak: float. The highest learning rate.
        total_steps: int. Steps of the whole training.
        warmup: float from 0 to 1, default 0.1. Share of the steps that rise.

    Returns:
        Called with a step, a float32 scalar.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> schedule = LinearWarmup(1.0, total_steps=10, warmup=0.2)
        >>> [round(float(schedule(step)), 3) for step in (0, 1, 2, 6, 10)]
        [0.0, 0.5, 1.0, 0.5, 0.0]

    Source: Devlin et al., "BERT" (2018), appendix A.
    """

    def __init__(self, peak, total_steps, warmup=0.1):
        check_schedule(peak, total_steps, warmup)
        self.peak = peak
        self.total_steps = total_steps
        self.warmup = warmup

    def __call__(self, step):
        step = tf.cast(step, tf.float32)
        rising = max(1.0, self.total_steps * self.warmup)
        falling = max(1.0, self.total_steps - self.total_steps * self.warmup)
        share = tf.minimum(step / rising if self.warmup else 1.0, (self.total_steps - step) / falling)
        return self.peak * tf.clip_by_value(share, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {"peak": self.peak, "total_steps": self.total_steps, "warmup": self.warmup}


def check_schedule(peak: float, total_steps: int, warmup: float) -> None:
    """Refuse arguments that no schedule with warm-up can have.

    Args:
        peak: float.
        total_steps: int.
        warmup: float.

    Raises:
        ValueError: If one is out of range.
    """
    if not peak > 0:
        raise ValueError(f"`peak` must be above 0. Received: {peak!r}.")
    check_count("total_steps", total_steps)
    if not 0 <= warmup <= 1:
        raise ValueError(f"`warmup` must lie from 0 to 1. Received: {warmup!r}.")
