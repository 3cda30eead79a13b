"""Pipeline: a task that takes and returns what the Hugging Face pipeline of its name does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np

from tfbert.option_checks import checked_batch_size
from tfbert.tasks.pipelines.progress import text_counter
from tfbert.tensors import is_dataset, is_tensor

CHUNK_BATCHES = 32  # rows of a list that are sorted by length together, in batches
MOST_TWINS = 16  # sets of options whose graphs are kept
LONG = 1000  # rows from which on there is a progress bar
Row = dict[str, Any]


class Pipeline:
    """Python values in, Python dicts out; offsets count characters.

    Rows are answered in batches of like length. Lists give lists; generators and datasets are streamed: an iterator of
    answers comes back at once. A sub-class says how inputs become rows of the task's columns (`read_row`) and how an
    answer is written (`write`).

    Args:
        task: The task: a `Task`, a `ServedTask`, or a `RemoteTask`.
        batch_size: int, default 32. Rows at a time.
        **options: Options of every call, as `task.with_options` takes them; a call's own win.

    Source: `transformers.Pipeline`.
    """

    text_column: ClassVar[str] = "text"

    def __init__(self, task: Any, batch_size: int = 32, **options: Any):
        self.task = task
        self.batch_size = checked_batch_size(batch_size)
        self._options = options
        self._twins: dict[str, Any] = {}
        self.task_with(options)  # a wrong option is refused here rather than at the first call

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.task.task_name!r}, batch_size={self.batch_size})"

    # === What a sub-class says ===

    def task_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return options of a call by the names that the task knows them by."""
        return options

    def read_row(self, value: Any) -> Row:
        """Turn one input into a row of the task's columns."""
        if isinstance(value, dict):
            return value
        if is_tensor(value) or isinstance(value, np.ndarray):
            value = _as_python(value.numpy() if is_tensor(value) else value)
        if not isinstance(value, str | bytes):
            raise TypeError(
                f"A {self.task.task_name} pipeline takes a string, a list of strings, or an iterator of them. "
                f"Received: {type(value).__name__}."
            )
        return {self.text_column: value if isinstance(value, str) else value.decode("utf-8", "replace")}

    def write(self, row: Row, answer: Row, task: Any) -> Any:
        """Turn the task's answer to a row into Python values."""
        raise NotImplementedError

    def single(self, output: Any, options: dict[str, Any]) -> Any:
        """Return what a call with one input, not in a list, returns."""
        return output

    def several(self, outputs: list[Any]) -> Any:
        """Return what a call with a list returns."""
        return outputs

    # === Calling ===

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **options: Any) -> Any:
        """Answer one input, a list, or a stream.

        Args:
            inputs: What `read_row` takes; a list, tuple, array or Series of that; or a generator, an iterator or a
                `tf.data.Dataset` of that.
            batch_size: int. Rows at a time.
            **options: Options of the task or of its tokenizer.

        Returns:
            The answer, a list of answers, or an iterator of answers.
        """
        options = {**self._options, **options}
        task = self.task_with(options)
        batch_size = self.batch_size if batch_size is None else checked_batch_size(batch_size)
        if is_single(inputs):
            return self.single(self._answered(task, [self.read_row(inputs)], batch_size)[0], options)
        if is_stream(inputs):
            return self._stream(task, values_of(inputs), batch_size)
        inputs = list(inputs)
        with (
            text_counter(len(inputs)) if len(inputs) >= LONG else contextlib.nullcontext(lambda count: None) as advance
        ):
            outputs: list[Any] = []
            for start in range(0, len(inputs), batch_size * CHUNK_BATCHES):
                rows = [self.read_row(value) for value in inputs[start : start + batch_size * CHUNK_BATCHES]]
                outputs += self._answered(task, rows, batch_size)
                advance(len(rows))
        return self.several(outputs)

    def task_with(self, options: dict[str, Any]) -> Any:
        """Return the task with these options; it is made once for each set of them, since tracing takes seconds."""
        options = self.task_options(dict(options))
        if not options:
            return self.task
        key = repr({name: _as_list(options[name]) for name in sorted(options)})
        if key not in self._twins:
            if len(self._twins) == MOST_TWINS:
                self._twins.pop(next(iter(self._twins)))  # the one made first
            self._twins[key] = self.task.with_options(**options)
        return self._twins[key]

    def _stream(self, task: Any, values: Iterator[Any], batch_size: int) -> Iterator[Any]:
        """Answers, batch by batch as rows come; those before a wrong row come before its error."""
        while True:
            rows, failure = self._next_rows(values, batch_size)
            try:
                yield from self._answered(task, rows, batch_size)
            except ValueError:  # of one of them
                for row in rows:
                    yield from self._answered(task, [row], batch_size)
            if failure is not None:
                raise failure
            if len(rows) < batch_size:
                return

    def _next_rows(self, values: Iterator[Any], count: int) -> tuple[list[Row], Exception | None]:
        """The next rows, as many as there are before a wrong one, and what is wrong with that."""
        rows: list[Row] = []
        while len(rows) < count:
            try:
                rows.append(self.read_row(next(values)))
            except StopIteration:
                break
            except (TypeError, ValueError) as failure:
                return rows, failure
        return rows, None

    def columns_of(self, rows: list[Row]) -> dict[str, list[Any]]:
        """Return rows of the same keys as the task's columns."""
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _answered(self, task: Any, rows: list[Row], batch_size: int) -> list[Any]:
        """Answers to rows; those of the same columns, such as pairs, share batches."""
        outputs: list[Any] = [None] * len(rows)
        alike: dict[frozenset[str], list[int]] = {}
        for place, row in enumerate(rows):
            alike.setdefault(frozenset(row), []).append(place)
        for places in alike.values():
            columns = self.columns_of([rows[place] for place in places])
            answers = task.predict(columns, batch_size=batch_size, verbose=0)
            for index, place in enumerate(places):
                outputs[place] = self.write(rows[place], {name: answers[name][index] for name in answers}, task)
        return outputs


def is_single(inputs: Any) -> bool:
    """Whether a pipeline's input is one row rather than several."""
    if is_tensor(inputs) or isinstance(inputs, np.ndarray):
        return len(inputs.shape) == 0
    return isinstance(inputs, str | bytes | dict) or not isinstance(inputs, Iterable)


def is_stream(inputs: Any) -> bool:
    """Whether a pipeline's input has no length: a generator, an iterator, or a dataset."""
    return is_dataset(inputs) or isinstance(inputs, Iterator)


def values_of(inputs: Any) -> Iterator[Any]:
    """Return the rows of a stream, those of a dataset as Python values."""
    if not is_dataset(inputs):
        return inputs
    return map(_as_python, inputs.as_numpy_iterator())


def _as_list(value: Any) -> Any:
    """Options as they can be told apart: arrays in full."""
    return value.tolist() if hasattr(value, "tolist") else value


def _as_python(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_python(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return _as_python(value.item())
    if isinstance(value, np.ndarray):
        return [_as_python(entry) for entry in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def characters_before(text: str, byte: int) -> int:
    """Return how many characters stand before a byte of a text in UTF-8.

    Args:
        text: str.
        byte: int. An offset in bytes.

    Returns:
        int.

    Example:
        >>> characters_before("é!", 2)
        1
    """
    return len(text.encode("utf-8")[:byte].decode("utf-8", "ignore"))
