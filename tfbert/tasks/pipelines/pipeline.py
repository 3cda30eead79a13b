"""Pipeline: a task that takes and returns what the Hugging Face pipeline of its name does."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tfbert.tasks.pipelines.progress import text_counter

CHUNK_BATCHES = 32  # rows that are sorted by length together, in batches
LONG = 1000  # rows from which on there is a progress bar
Row = dict[str, Any]


class Pipeline:
    """Python values in, Python dicts out; offsets count characters.

    Rows are answered in batches of like length. Lists give lists; generators and datasets are streamed: an iterator of
    answers comes back at once. A sub-class says how inputs become rows of the task's columns (`read_row`) and how an
    answer is written (`write`).

    Args:
        task: The task, a `Task` or a `ServedTask`.
        batch_size: int, default 32. Rows at a time.
        **options: Options of every call, as `task.with_options` takes them; a call's own win.

    Source: `transformers.Pipeline`.
    """

    text_column: ClassVar[str] = "text"

    def __init__(self, task: Any, batch_size: int = 32, **options: Any):
        self.task = task
        self.batch_size = batch_size
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
        batch_size = batch_size or self.batch_size
        if is_single(inputs):
            return self.single(next(self._answers(task, [inputs], batch_size)), options)
        if is_stream(inputs):
            return self._answers(task, values_of(inputs), batch_size)
        inputs = list(inputs)
        with (
            text_counter(len(inputs)) if len(inputs) >= LONG else contextlib.nullcontext(lambda count: None) as advance
        ):
            outputs = []
            for output in self._answers(task, inputs, batch_size):
                outputs.append(output)
                advance(1)
        return self.several(outputs)

    def task_with(self, options: dict[str, Any]) -> Any:
        """Return the task with these options; it is made once for each set of them, since tracing takes seconds."""
        options = self.task_options(dict(options))
        if not options:
            return self.task
        key = repr(sorted(options.items(), key=lambda option: option[0]))
        if key not in self._twins:
            self._twins[key] = self.task.with_options(**options)
        return self._twins[key]

    def _answers(self, task: Any, inputs: Iterable[Any], batch_size: int) -> Iterator[Any]:
        rows = map(self.read_row, inputs)
        while chunk := list(itertools.islice(rows, batch_size * CHUNK_BATCHES)):
            answers = task.predict(self.columns_of(chunk), batch_size=batch_size, verbose=0)
            for index, row in enumerate(chunk):
                yield self.write(row, {name: values[index] for name, values in answers.items()}, task)

    def columns_of(self, rows: list[Row]) -> dict[str, list[Any]]:
        """Return rows as columns.

        Raises:
            ValueError: If they have different keys.
        """
        names = set(rows[0])
        for index, row in enumerate(rows):
            if set(row) != names:
                raise ValueError(
                    f"All inputs must have the same keys. Received: {sorted(names)}, {sorted(row)} at {index}."
                )
        return {name: [row[name] for row in rows] for name in rows[0]}


def is_single(inputs: Any) -> bool:
    """Whether a pipeline's input is one row rather than several."""
    if tf.is_tensor(inputs):
        return inputs.shape.rank == 0
    return isinstance(inputs, str | bytes | dict) or not isinstance(inputs, Iterable)


def is_stream(inputs: Any) -> bool:
    """Whether a pipeline's input has no length: a generator, an iterator, or a dataset."""
    return isinstance(inputs, tf.data.Dataset | Iterator)


def values_of(inputs: Any) -> Iterator[Any]:
    """Return the rows of a stream, those of a dataset as Python values."""
    if not isinstance(inputs, tf.data.Dataset):
        return inputs
    return map(_as_python, inputs.as_numpy_iterator())


def _as_python(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_python(entry) for name, entry in value.items()}
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
