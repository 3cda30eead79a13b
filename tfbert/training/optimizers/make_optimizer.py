"""make_optimizer: the optimizer of a fine-tuning, with its schedule, from plain numbers."""

from __future__ import annotations

import keras

from tfbert.option_checks import check_count
from tfbert.training.optimizers.bert_adamw import BertAdamW
from tfbert.training.optimizers.cosine_warmup import CosineWarmup
from tfbert.training.optimizers.linear_warmup import LinearWarmup

SCHEDULES = ("linear", "cosine", "constant")


def make_optimizer(
    total_steps: int,
    learning_rate: float = 5e-5,
    schedule: str = "linear",
    warmup: float = 0.1,
    weight_decay: float = 0.01,
    layer_decay: float = 1.0,
    clip_norm: float | None = 1.0,
    gradient_accumulation: int = 1,
) -> keras.optimizers.Optimizer:
    """Return AdamW with warm-up, a schedule and clipped gradients.

    Args:
        total_steps: int. Batches of the whole training.
        learning_rate: float, default 5e-5. The highest.
        schedule: str, default "linear". How it falls to 0 behind the warm-up: "linear" or "cosine"; "constant" is no
            warm-up and no fall.
        warmup: float from 0 to 1, default 0.1. Share of the steps in which it rises.
        weight_decay: float, default 0.01.
        layer_decay: float, default 1.0. See `BertAdamW`.
        clip_norm: float or None, default 1.0. The greatest norm of all gradients together; None or 0 clips nothing.
        gradient_accumulation: int, default 1. Batches whose gradients make one step.

    Returns:
        A Keras optimizer.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> optimizer = make_optimizer(1000, learning_rate=3e-5, schedule="cosine")
        >>> round(float(optimizer.learning_rate), 6)
        0.0
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"`schedule` must be one of {list(SCHEDULES)}. Received: {schedule!r}.")
    check_count("gradient_accumulation", gradient_accumulation)
    kinds = {"linear": LinearWarmup, "cosine": CosineWarmup}
    rate = learning_rate if schedule == "constant" else kinds[schedule](learning_rate, total_steps, warmup)
    return BertAdamW(
        rate,
        weight_decay=weight_decay,
        layer_decay=layer_decay,
        global_clipnorm=clip_norm or None,
        gradient_accumulation_steps=gradient_accumulation if gradient_accumulation > 1 else None,
    )
