"""LoadedModel: a task's exported file, asked without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np

from tfbert.export.answer_rows import AnswerRows
from tfbert.export.text_columns import Columns, byte_lengths, text_columns
from tfbert.option_checks import check_count
from tfbert.str_array import as_str_array

MOST_THREADS = 256
MOST_ID = 2**31 - 1


class LoadedModel:
    """An exported task: text in, answers out, as `predict` of the task gives them.

    A sub-class runs the file (`_run`, `_run_ids`), and says what ranks its inputs have (`input_ranks`, `ids_ranks`).

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

    def ids_ranks(self) -> dict[str, int]:
        """Return 2 for ids [B, S], and 3 for [B, C, S]; nothing where the file takes text only."""
        raise NotImplementedError

    def signatures(self) -> dict[str, dict[str, list[str]]]:
        """Return the names of the inputs and outputs of each function of the file."""
        raise NotImplementedError

    def _run(self, columns: Columns) -> dict[str, np.ndarray]:
        """Answer one batch of text columns, arrays of str objects."""
        raise NotImplementedError

    def _run_ids(self, ids: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run the model on ids, int32."""
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
            x: str; sequence, array, Series or tensor of str or bytes; rows of two texts for a file of pairs; a dict of
                columns, `{"text": …, "text_pair": …}`, or a DataFrame; or a list of dicts, one for each row. A column
                of several texts a row holds a list for each row, or one list for all of them; "" is none.
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

    def run_ids(self, **ids: Any) -> dict[str, np.ndarray]:
        """Return what the model makes of ids.

        Args:
            **ids: `input_ids`, `attention_mask` and `token_type_ids`, integers [B, S], or [B, C, S] of choices.

        Returns:
            A dict of NumPy arrays.

        Raises:
            ValueError: If the file takes texts only, or other ids; the message names them.
        """
        ranks, config = self.ids_ranks(), self.metadata.get("config") or {}
        if not ranks:
            raise ValueError(f"The file {self.path!r} takes texts: call `predict`, or export it with inputs='ids'.")
        if set(ids) != set(ranks):
            raise ValueError(f"The file {self.path!r} takes {sorted(ranks)}. Received: {sorted(ids)}.")
        limits = {
            "input_ids": config.get("vocab_size"),
            "attention_mask": 2,
            "token_type_ids": config.get("type_vocab_size"),
        }
        longest = config.get("max_position_embeddings") or MOST_ID
        arrays = {name: _id_array(values, name, ranks[name], limits.get(name), longest) for name, values in ids.items()}
        if len({array.shape for array in arrays.values()}) > 1:
            found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            raise ValueError(f"{sorted(ids)} must have the same shape. Received: {found}.")
        return self._run_ids(arrays)

    def _sizes(self, columns: Columns) -> np.ndarray:
        """Return how much there is to do for each row."""
        return byte_lengths(columns)

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
        return text_columns(x, {name: ranks[name] for name in names}, f"The file {self.path!r}")


def check_threads(threads: Any) -> None:
    """Refuse a number of threads that is none, or so great that a machine could not make them."""
    check_count("threads", threads, optional=True)
    if threads is not None and threads > MOST_THREADS:
        raise ValueError(f"`threads` must be at most {MOST_THREADS}; cores are what counts. Received: {threads}.")


def named(text: Any, columns: dict[str, Any]) -> Any:
    """Return what a call was given: columns by name, or the first one alone."""
    return {**({} if text is None else {"text": text}), **columns} if columns else text


def _id_array(value: Any, name: str, rank: int, limit: int | None, longest: int) -> np.ndarray:
    """Ids as int32 [B, S] or [B, C, S], all of them below the limit."""
    expected = f"`{name}` must be integers of shape {'[B, S]' if rank == 2 else '[B, C, S]'}"
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{expected}, rows of one length. Received: {error}") from error
    if array.dtype.kind not in "iu" or array.ndim != rank:
        raise ValueError(f"{expected}. Received: {array.dtype} of shape {array.shape}.")
    if 0 in array.shape[1:] or array.shape[-1] > longest:
        raise ValueError(f"{expected}, S from 1 to {longest}. Received: shape {array.shape}.")
    least, most = int(array.min(initial=0)), int(array.max(initial=0))
    if least < 0 or most >= (limit or MOST_ID + 1):
        found = least if least < 0 else most
        raise ValueError(f"`{name}` must be from 0 to {(limit or MOST_ID + 1) - 1}. Received: {found}.")
    return array.astype(np.int32)
