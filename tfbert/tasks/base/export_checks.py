"""What is looked at before a task is exported."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from tfbert.export.formats import LITERT
from tfbert.option_checks import check_flag

if TYPE_CHECKING:
    from tfbert.tasks.base.task import Task

logger = logging.getLogger("tfbert")


def served_names(task: Task, text_pair: bool | None) -> list[str]:
    """Return the text inputs that an export has.

    Args:
        task: The task.
        text_pair: bool or None. Whether pairs are served; None is what the model was trained on.

    Returns:
        A list of names of columns.

    Raises:
        ValueError: If the task takes no pairs, or nothing else.
    """
    if text_pair is None:
        return task.served_columns()
    check_flag("text_pair", text_pair, others="None, ")
    if text_pair and not task.serves_pairs:
        raise ValueError(f"{type(task).__name__} answers single texts: leave out `text_pair`.")
    names = [column.name for column in task.columns if text_pair or not column.optional]
    if text_pair != (names[-1] == "text_pair"):
        raise ValueError(f"{type(task).__name__} takes {names}: leave out `text_pair`.")
    return names


def check_weights(task: Task, format: str, precision: str) -> None:
    """Refuse weights that no file can hold, or not with so few bits.

    Args:
        task: The task.
        format, precision: str. Those of the export.

    Raises:
        ValueError: If there is one; the message names it.
    """
    for weight in task.weights:
        largest = float(tf.reduce_max(tf.abs(weight)))
        if not math.isfinite(largest):
            raise ValueError(f"The weights {weight.path!r} hold numbers that are not finite. Train or load them again.")
        if (format, precision) == (LITERT, "float16") and largest > float(np.finfo(np.float16).max):
            raise ValueError(
                f"The weights {weight.path!r} reach {largest:.3g}, beyond float16. Write precision='float32' or "
                "'dynamic_int8'."
            )


def check_rows(task: Task) -> None:
    """Refuse, or warn of, rows whose answers would depend on the other rows of their batch.

    Args:
        task: The task, which is to take text.

    Raises:
        ValueError: If rows may be without any token.
    """
    packing = task.tokenizer.packing_options()
    if not packing.add_special_tokens:
        raise ValueError(
            "A file that takes text cannot answer rows without a token, which add_special_tokens=False makes of empty "
            'texts. Write inputs="ids", or format="tf_saved_model".'
        )
    if packing.padding_side == "left":
        logger.warning(
            "With padding_side='left' positions count the padding, so that an answer depends on the longest text "
            "of its batch; the file may choose other batches than `predict` does."
        )
