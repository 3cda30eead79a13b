"""QuestionAnswererPipeline: answers as Hugging Face's question-answering pipeline returns them."""

from __future__ import annotations

from typing import Any

from tfbert.tasks.pipelines.pipeline import Pipeline, Row, characters_before, is_stream
from tfbert.tokenization.packing.packing_options import PADDINGS

COLUMNS = ("question", "context")
FORM = "{'question': ..., 'context': ...}"


class QuestionAnswererPipeline(Pipeline):
    """Questions and contexts in; dicts of `score`, `start`, `end` and `answer` out.

    A question with one answer gives a dict, one with several a list of them.

    Args:
        task: A `QuestionAnswerer`, or a `ServedTask` of it.
        batch_size: int, default 32. Rows at a time.
        **options: Options of `QuestionAnswerer`; `padding`, as any tokenizer's, changes no answer.

    Example:
        >>> answer = pipeline("question-answering", model="path/to/checkpoint")  # doctest: +SKIP
        >>> answer(question="Where do I live?", context="I live in Berlin.")  # doctest: +SKIP
        {'score': 0.98, 'start': 10, 'end': 16, 'answer': 'Berlin'}

    Source: `QuestionAnsweringPipeline` of Hugging Face transformers 4.
    """

    def __call__(
        self, *inputs: Any, question: Any = None, context: Any = None, batch_size: int | None = None, **options: Any
    ) -> Any:
        """Answer one question, a list, or a stream.

        Args:
            *inputs: A dict of `question` and `context`; several of them, or a list, a generator or a
                `tf.data.Dataset` of them; or a question and a context.
            question: str, or a list of them.
            context: str for all questions, or a list with one for each.
            batch_size: int. Rows at a time.
            **options: Options of the task.

        Returns:
            The answer or answers to one question, a list of that, or an iterator of that.

        Raises:
            ValueError: If a question or a context is missing or empty, or the two do not belong together.
        """
        rows = _rows(inputs, question, context)
        return super().__call__(rows, batch_size=batch_size, **options)

    def task_options(self, options):
        options = dict(options)
        padding = options.pop("padding", False)
        if not isinstance(padding, bool | str) or padding not in PADDINGS:
            raise ValueError(f"`padding` must be one of {list(PADDINGS)}. Received: {padding!r}.")
        return options

    def read_row(self, value):
        if not isinstance(value, dict):
            raise ValueError(f"A question-answering pipeline takes dicts, {FORM}. Received: {value!r}.")
        if set(value) != set(COLUMNS):
            raise ValueError(f"You need to provide a dictionary with the keys {FORM}. Received: {sorted(value)}.")
        return {name: _text(name, value[name]) for name in COLUMNS}

    def write(self, row: Row, answer: Row, task: Any) -> Any:
        answers = [
            {
                "score": float(answer["score"][rank]),
                "start": characters_before(row["context"], answer["start"][rank]),
                "end": characters_before(row["context"], answer["end"][rank]),
                "answer": answer["answer"][rank],
            }
            for rank in range(answer["length"])
        ]
        return answers[0] if len(answers) == 1 else answers


def _rows(inputs: tuple[Any, ...], question: Any, context: Any) -> Any:
    """What a call was given, as one row, a list of at least two, or a stream."""
    if not inputs:
        rows = _paired(question, context)
    elif question is not None or context is not None:
        raise ValueError(f"Give either rows, {FORM}, or `question` and `context`. Received: both.")
    elif len(inputs) == 2 and all(isinstance(text, str) for text in inputs):
        rows = _paired(*inputs)
    else:
        rows = inputs[0] if len(inputs) == 1 else list(inputs)
    if isinstance(rows, dict) or is_stream(rows):
        return rows
    if isinstance(rows, str | bytes):
        raise ValueError(f"A question-answering pipeline takes dicts, {FORM}. Received: {rows!r}.")
    rows = list(rows)
    return rows[0] if len(rows) == 1 else rows


def _paired(question: Any, context: Any) -> list[Row]:
    """A row for each question."""
    if isinstance(question, str) and isinstance(context, str):
        return [{"question": question, "context": context}]
    if isinstance(question, list | tuple) and isinstance(context, str):
        context = [context] * len(question)
    if not isinstance(question, list | tuple) or not isinstance(context, list | tuple):
        found = ", ".join(type(value).__name__ for value in (question, context))
        raise ValueError(
            "`question` and `context` must be two strings, a list of questions and one context for all, or two lists. "
            f"Received: {found}. For one question to many contexts write question=[question] * len(contexts)."
        )
    if len(question) != len(context):
        raise ValueError(f"Questions and contexts don't have the same lengths: {len(question)} and {len(context)}.")
    return [{"question": asked, "context": text} for asked, text in zip(question, context)]


def _text(name: str, value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        raise ValueError(f"`{name}` must be a string. Received: {value!r}.")
    if not value:
        raise ValueError(f"`{name}` cannot be empty.")
    return value
