"""LoadedModel: a task's exported file, asked without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np

from tfbert.export.answer_rows import AnswerRows
from tfbert.option_checks import check_count
from tfbert.str_array import as_str_array

Columns = dict[str, np.ndarray]
MOST_THREADS = 256


class LoadedModel:
    """An exported task: text in, answers out, as `predict` of the task gives them.

    A sub-class runs the file (`_run`), and says of each text input whether a row has several texts (`input_ranks`).

    Args:
        path: Path of the file.
        metadata: Mapping. What the export wrote into the file: "task", "options", "inputs", "labels" and more.

    Raises:
        ValueError: If the file takes no text.
    """

    def __init__(self, path: str | PathLike, metadata: Mapping[str, Any]):
        self.path = str(path)
        self.metadata = dict(metadata)
        if not {"task", "inputs"} <= set(self.metadata):
            raise ValueError(f"The file {self.path!r} says no task: export it by a class of tfbert.tasks.")

    @property
    def input_names(self) -> list[str]:
        """The text inputs, such as ["text", "text_pair"], in their order; none where the file takes ids."""
        return list(self.metadata["inputs"])

    def input_ranks(self) -> dict[str, int]:
        """Return 1 for inputs [B], one text a row, and 2 for [B, C], several."""
        raise NotImplementedError

    def signatures(self) -> dict[str, dict[str, list[str]]]:
        """Return the names of the inputs and outputs of each function of the file."""
        raise NotImplementedError

    def _run(self, columns: Columns) -> dict[str, np.ndarray]:
        """Answer one batch of text columns, arrays of str objects."""
        raise NotImplementedError

    def __call__(self, text: Any = None, **columns: Any) -> dict[str, np.ndarray]:
        """Answer texts in one batch; see `predict`."""
        return self.answer(self.read_columns(named(text, columns)))

    def answer(self, columns: Columns) -> dict[str, np.ndarray]:
        """Return the answers to one batch, strings as Python str.

        Args:
            columns: dict of arrays of str objects [B] or [B, C], as `read_columns` returns them.

        Returns:
            A dict of NumPy arrays with one row for each text.
        """
        return {name: as_str_array(values) for name, values in self._run(columns).items()}

    def predict(self, x: Any, batch_size: int | None = None) -> dict[str, np.ndarray]:
        """Return the answers to texts, in their order; texts of like length share a batch.

        Args:
            x: str; sequence or array of str or bytes; or a dict of such columns, `{"text": …, "text_pair": …}`.
            batch_size: int or None. None is what suits the runtime.

        Returns:
            A dict of NumPy arrays with one row for each text. Where answers have several entries, rows are padded to
            the one with the most.

        Raises:
            TypeError, ValueError: If `x` is no text, or has other columns than the file's inputs.
        """
        columns = self.read_columns(x)
        check_count("batch_size", batch_size, optional=True)
        count = len(next(iter(columns.values())))
        if count <= (batch_size or 1):
            return self.answer(columns)
        sizes = self._sizes(columns)
        order = np.argsort(-sizes, kind="stable")  # the largest first, so that memory grows once
        answers, start = AnswerRows(count), 0
        while start < count:
            rows = order[start : start + (batch_size or self._rows_at_once(int(sizes[order[start]])))]
            answers.put(self.answer({name: column[rows] for name, column in columns.items()}), rows)
            start += len(rows)
        return answers.arrays()

    def _sizes(self, columns: Columns) -> np.ndarray:
        """Return how much there is to do for each row: its bytes, of which a token has some four."""
        return np.sum([_lengths(column) for column in columns.values()], axis=0)

    def _rows_at_once(self, size: int) -> int:
        """How many rows suit the runtime where the largest has this size."""
        return 32

    def read_columns(self, x: Any) -> Columns:
        """Turn text into columns of str objects by name.

        Args:
            x: As in `predict`.

        Returns:
            A dict of arrays [B] or [B, C].

        Raises:
            TypeError, ValueError: As `predict`.
        """
        names, ranks = self.input_names, self.input_ranks()
        if not names:
            raise ValueError(f"The file {self.path!r} takes ids: call `run_ids`, or export it with inputs='text'.")
        if not isinstance(x, Mapping):
            if len(names) > 1:
                example = ", ".join(f"{name!r}: […]" for name in names)
                raise TypeError(f"The file {self.path!r} takes {{{example}}}. Received: {type(x).__name__}.")
            x = {names[0]: x}
        if set(x) != set(names):
            raise ValueError(f"The file {self.path!r} takes {names}. Received the keys: {sorted(map(str, x))}.")
        columns = {name: _text_array(x[name], name, ranks[name]) for name in names}
        if len({len(column) for column in columns.values()}) > 1:
            found = " and ".join(str(len(column)) for column in columns.values())
            raise ValueError(f"{names} must have the same number of rows. Received: {found}.")
        return columns


def check_threads(threads: Any) -> None:
    """Refuse a number of threads that is none, or so great that a machine could not make them."""
    check_count("threads", threads, optional=True)
    if threads is not None and threads > MOST_THREADS:
        raise ValueError(f"`threads` must be at most {MOST_THREADS}; cores are what counts. Received: {threads}.")


def named(text: Any, columns: dict[str, Any]) -> Any:
    """Return what a call was given: columns by name, or the first one alone."""
    return {**({} if text is None else {"text": text}), **columns} if columns else text


def _text_array(value: Any, name: str, rank: int) -> np.ndarray:
    """Text as an array of str objects [B] or [B, C]; rows of fewer texts are filled up with ""."""
    if isinstance(value, str | bytes):
        value = [value] if rank == 1 else [[value]]
    if not (isinstance(value, Sequence) or hasattr(value, "__array__")):
        raise TypeError(f"`{name}` must be a string, a list or an array of strings. Received: {type(value).__name__}.")
    if rank == 2:
        rows = [[texts] if isinstance(texts, str | bytes) else list(texts) for texts in value]
        width = max(map(len, rows), default=0)
        flat = _text_array([text for row in rows for text in [*row, *[""] * (width - len(row))]], name, 1)
        return flat.reshape(len(rows), width)
    array = np.empty(len(value), dtype=object)  # never an array of fixed width, which loses NUL at the end
    for row, text in enumerate(value):
        array[row] = _checked(text, name, row)
    return array


def _checked(text: Any, name: str, row: int) -> str:
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    if not isinstance(text, str):
        raise TypeError(f"`{name}` must hold strings only. Received: {text!r} ({type(text).__name__}) at row {row}.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"`{name}` holds a lone surrogate at row {row}, which is no valid Unicode: {text!r}. Clean it first: "
            "text.encode('utf-8', 'replace').decode()."
        ) from error
    return str(text)


def _lengths(column: np.ndarray) -> np.ndarray:
    """Bytes of each row of texts [B], or of the longest in each row of [B, C]; tokens are some four bytes."""
    lengths = np.array([len(text.encode()) for text in column.reshape(-1)], np.int64).reshape(column.shape)
    return lengths if column.ndim == 1 else lengths.max(axis=1, initial=0)
