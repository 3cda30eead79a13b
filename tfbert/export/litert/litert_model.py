"""LiteRTModel: a task in a LiteRT file, asked without TensorFlow."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from tfbert.export.litert.file_metadata import check_model, read_metadata
from tfbert.export.litert.text_ops import text_op_registerers
from tfbert.export.loaded_model import LoadedModel, check_threads, named
from tfbert.export.text_columns import Columns
from tfbert.optional import import_optional

TOKENS_AT_ONCE = 128  # more gain nothing, and padding costs (examples/benchmarks/edge.py)
READ_AT_ONCE = 256


class LiteRTModel(LoadedModel):
    """A task in a LiteRT file: `predict` and calling answer text as the task does, `tokenize` and `run_ids` are halves.

    It may be asked by several threads; they take turns. To answer in parallel load the file once for each.

    Args:
        path: Path of the file.
        threads: int or None, default None. Cores that an answer may use; None is LiteRT's choice.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If ai-edge-litert or tensorflow-text is not installed.
        ValueError: If it is no LiteRT file of tfbert.

    Example:
        >>> model = LiteRTModel("sentiment.tflite", threads=2)  # doctest: +SKIP
        >>> model.predict(["What a lovely day"])["label"]  # doctest: +SKIP
        array(['positive'], dtype=object)
    """

    def __init__(self, path: str | PathLike, threads: int | None = None):
        path = Path(path).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"There is no LiteRT file at {str(path)!r}.")
        check_threads(threads)
        super().__init__(path, read_metadata(path))
        check_model(path, self.metadata)
        interpreter = import_optional("ai_edge_litert.interpreter")
        registerers = text_op_registerers() if self.input_names else []
        try:
            self._interpreter = interpreter.InterpreterWithCustomOps(
                model_path=self.path, custom_op_registerers=registerers, num_threads=threads
            )
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"LiteRT cannot run {self.path!r}: {error}") from error
        self._lock = threading.Lock()
        self._runners: dict[str, Any] = {}

    def signatures(self) -> dict[str, dict[str, list[str]]]:
        """Return the names of the inputs and outputs of each function of the file."""
        return self._interpreter.get_signature_list()

    def tokenize(self, text: Any = None, **columns: Any) -> dict[str, np.ndarray]:
        """Return `input_ids`, `attention_mask` and `token_type_ids` of texts, int32 [B, S], or [B, C, S] of choices."""
        columns = self.read_columns(named(text, columns))
        count = len(columns[self.input_names[0]])
        if not count:  # LiteRT hands over no [0, C, S]
            columns = {name: np.full([1, *column.shape[1:]], "", object) for name, column in columns.items()}
        return {name: ids[:count] for name, ids in self._run_signature("tokenize", columns).items()}

    def input_ranks(self) -> dict[str, int]:
        several = self.metadata.get("several", [])
        return {name: 2 if name in several else 1 for name in self.input_names}

    def ids_ranks(self) -> dict[str, int]:
        with self._lock:
            inputs = self._runner("ids").get_input_details()
        return {name: len(one["shape"]) for name, one in inputs.items()}

    def _sizes(self, columns: Columns) -> np.ndarray:
        count = len(next(iter(columns.values())))
        parts = []
        for start in range(0, count, READ_AT_ONCE):
            part = {name: column[start : start + READ_AT_ONCE] for name, column in columns.items()}
            tokens = self._run_signature("tokenize", part)["attention_mask"].sum(axis=-1)  # [B], or [B, C]
            parts.append(tokens if tokens.ndim == 1 else tokens.max(axis=1) * tokens.shape[1])
        return np.concatenate(parts)

    def _rows_at_once(self, size: int) -> int:
        return max(1, TOKENS_AT_ONCE // max(1, size))

    def _run(self, columns: Columns) -> dict[str, np.ndarray]:
        return self._run_signature("serving_default", columns)

    def _run_ids(self, ids: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return self._run_signature("ids", ids)

    def _run_signature(self, name: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        with self._lock:
            return self._runner(name)(**inputs)

    def _runner(self, name: str) -> Any:
        """The function of a name; to be called while the lock is held."""
        if name not in self._runners:
            self._runners[name] = self._interpreter.get_signature_runner(name)
        return self._runners[name]


def load(path: str | PathLike, threads: int | None = None) -> LiteRTModel:
    """Open a LiteRT file that a task was exported to.

    It imports no TensorFlow: ai-edge-litert runs the file, tensorflow-text lends its ops.

    Args:
        path: Path of the file.
        threads: int or None, default None. Cores that an answer may use; None is LiteRT's choice.

    Returns:
        A `LiteRTModel`.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If ai-edge-litert or tensorflow-text is not installed.
        ValueError: If it is no LiteRT file of tfbert.

    Example:
        >>> import tfbert.export
        >>> model = tfbert.export.litert.load("sentiment.tflite", threads=2)  # doctest: +SKIP
    """
    return LiteRTModel(path, threads)
