"""Models that a process has opened: once for many batches of rows, and again when their files change."""

from __future__ import annotations

import os
import platform
import warnings
from os import PathLike

import tensorflow as tf

from tfbert.scoring.model_stamp import model_stamp
from tfbert.tasks.served_task import ServedTask

_OPENED: dict[str, tuple[list, ServedTask]] = {}


def model_path(path: str | PathLike) -> str:
    """Return the absolute path of an exported model.

    Args:
        path: Path of it.

    Returns:
        str.

    Raises:
        FileNotFoundError: If nothing lies there on this machine.
    """
    found = os.path.abspath(os.path.expanduser(path))
    if not os.path.exists(found):
        raise FileNotFoundError(
            f"There is no model at {found!r} on {platform.node()!r}. Give the path of an exported model that every "
            "machine can read which answers."
        )
    return found


def opened_model(path: str | PathLike, threads: int | None = None) -> ServedTask:
    """Return an exported task, which a process opens once while its files stay the same.

    Args:
        path: Path of a SavedModel, or of a LiteRT or ONNX file.
        threads: int or None, default None. Cores that an answer may use, from the first call on; None is all.
            TensorFlow takes it before its first op only: a process in which it is at work keeps what it has, with a
            warning.

    Returns:
        `ServedTask`.

    Raises:
        FileNotFoundError: If nothing lies at the path on this machine.
        ValueError: See `ServedTask`.
    """
    path = model_path(path)
    stamp = model_stamp(path)
    if path in _OPENED and _OPENED[path][0] == stamp:
        return _OPENED[path][1]
    _OPENED.pop(path, None)  # so that two versions are never in memory at once
    if threads is not None:
        _limit_threads(threads)
    _OPENED[path] = stamp, ServedTask(path, threads)
    return _OPENED[path][1]


def _limit_threads(threads: int) -> None:
    setting = tf.config.threading
    if (setting.get_intra_op_parallelism_threads(), setting.get_inter_op_parallelism_threads()) == (threads, threads):
        return
    try:
        setting.set_intra_op_parallelism_threads(threads)
        setting.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        warnings.warn(
            f"TensorFlow is at work already in this process, so it keeps its threads rather than threads={threads}.",
            stacklevel=3,
        )
