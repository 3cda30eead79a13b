"""What an ONNX file answers where there is no TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from tfbert.export.verify import ExportError

SCRIPT = Path(__file__).with_name("answer_alone.py")


def answer_in_clean_process(
    path: str | PathLike, batches: Sequence[dict[str, np.ndarray]]
) -> Iterator[dict[str, np.ndarray]]:
    """Let a process of its own, with nothing but ONNX Runtime and NumPy, open a file and answer.

    Args:
        path: Path of the file.
        batches: Sequence of dicts of inputs: arrays of int32, or of str objects.

    Yields:
        A dict of arrays for each batch.

    Raises:
        ExportError: If ONNX Runtime cannot open the file, cannot answer, or ends.
    """
    lines = [request(path, batch) for batch in batches]
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT)], input="\n".join(lines), capture_output=True, text=True, encoding="utf-8"
    )
    answers = done.stdout.splitlines()
    if len(answers) < len(batches) and done.returncode:
        reason = (done.stderr.strip().splitlines() or [""])[-1]
        raise ExportError(f"ONNX Runtime ended with the code {done.returncode}: {reason}")
    yield from map(reply, answers)


def request(path: str | PathLike, batch: dict[str, np.ndarray]) -> str:
    """Return a line for the script: the path and a batch."""
    return json.dumps([str(path), {name: values.tolist() for name, values in batch.items()}])


def reply(line: str) -> dict[str, np.ndarray]:
    """Return what a line of the script says.

    Raises:
        ExportError: If it tells of an error.
    """
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise ExportError(f"ONNX Runtime cannot run the file: {answer['error']}")
    return {
        name: np.array(values, dtype=object if kind == "string" else kind).reshape(shape)
        for name, (kind, shape, values) in answer["outputs"].items()
    }
