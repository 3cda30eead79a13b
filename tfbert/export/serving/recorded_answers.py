"""Rows of text and the answers that the exported model gave to them, kept with it for its verification."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from tfbert.export.signature_inputs import signature_inputs
from tfbert.json_file import read_json
from tfbert.str_array import as_str_array

ANSWERS_FILE = "assets.extra/tfbert_answers.json"


def write_answers(
    folder: str | PathLike, signatures: Mapping[str, Any], columns: Mapping[str, Any], exactly: bool
) -> None:
    """Ask every signature for rows of text, and write down what it answers.

    Args:
        folder: Path of the version folder.
        signatures: dict from name to function.
        columns: dict of text columns, lists of str.
        exactly: bool. Whether the answers are the same each time.
    """
    answers = {
        name: {key: _flat(np.asarray(value)) for key, value in signatures[name](**inputs).items()}
        for name, inputs in signature_inputs(signatures, columns).items()
    }
    content = {"columns": dict(columns), "exactly": exactly, "answers": answers}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))  # a number a line is too long
    (Path(folder) / ANSWERS_FILE).write_text(text, encoding="utf-8")


def read_answers(folder: str | PathLike) -> dict[str, Any] | None:
    """Return what is recorded with a version.

    Args:
        folder: Path of the version folder.

    Returns:
        A dict of `columns`, lists of texts by name; `exactly`, whether the answers are the same each time; and
        `answers`, a dict of NumPy arrays by name for each signature. None where nothing is recorded.

    Raises:
        ValueError: If the file holds something else.
    """
    path = Path(folder) / ANSWERS_FILE
    if not path.is_file():
        return None
    recorded = read_json(path)
    if set(recorded) != {"columns", "exactly", "answers"}:
        raise ValueError(f"{str(path)!r} must hold columns, exactly and answers. Export the model again.")
    for answers in recorded["answers"].values():
        answers.update({key: _array(value) for key, value in answers.items()})
    return recorded


def _flat(values: np.ndarray) -> dict[str, Any]:
    return {"shape": list(values.shape), "values": as_str_array(values).reshape(-1).tolist()}


def _array(flat: Mapping[str, Any]) -> np.ndarray:
    is_text = any(isinstance(value, str) for value in flat["values"])
    return np.array(flat["values"], object if is_text else None).reshape(flat["shape"])
