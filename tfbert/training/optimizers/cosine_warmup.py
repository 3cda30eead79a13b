"""CosineWarmup: the learning rate rises linearly and falls along a cosine."""

from __future__ import annotations

from typing import Any

import keras

from tfbert.training.optimizers.linear_warmup import check_schedule


@keras.saving.register_keras_serializable(package="tfbert")
class CosineWarmup(keras.optimizers.schedules.CosineDecay):
    """Rises linearly from 0 to the peak over the first steps, then falls to 0 at the last one along half a cosine.

    Args:
        peak: float. The highest learning rate.
        total_steps: int. Steps of the whole training.
        warmup: float from 0 to 1, default 0.1. Share of the steps that rise.

    Returns:
        Called with a step, a float32 scalar.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> schedule = CosineWarmup(1.0, total_steps=10, warmup=0.2)
        >>> [round(float(schedule(step)), 3) for step in (0, 1, 2, 6, 10)]
        [0.0, 0.5, 1.0, 0.5, 0.0]

    Source: Loshchilov & Hutter, "SGDR" (2017); `get_cosine_schedule_with_warmup` of Hugging Face transformers.
    """

    def __init__(self, peak, total_steps, warmup=0.1):
        check_schedule(peak, total_steps, warmup)
        rising = total_steps * warmup
        super().__init__(
            0.0 if rising else peak,
            decay_steps=max(1.0, total_steps - rising),
            warmup_target=peak if rising else None,
            warmup_steps=rising,
        )
        self.peak = peak
        self.total_steps = total_steps
        self.warmup = warmup

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {"peak": self.peak, "total_steps": self.total_steps, "warmup": self.warmup}
