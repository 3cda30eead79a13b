"""Documents of every form as one stream of sentences, each with the number of its document."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfbert.tokenization.text_input import as_text
from tfbert.training.data.text_files import open_text

WINDOW = 4096  # lines that are read together
FILE_SPREAD = 4096 * 232_792_560 + 1  # keeps the documents of files apart; leaves 1 over for each `every` up to 20
FILES_AT_ONCE = 8
SENTENCE_END = r"([.!?…][)\]\"'»”’]*)\s+|([。！？])\s*"


def read_sentences(documents: Any) -> tf.data.Dataset:
    """Return the sentences of documents, as a stream that need not fit into memory.

    Args:
        documents: A list of documents, each a list of texts; a `Path` or a list of them, text files with one or more
            sentences a line and empty lines between documents; or a `tf.data.Dataset` of such lines (string []), of
            documents (string [N]) or of batches of documents (string [D, N], ragged or with "" at the end).

    Returns:
        A dataset of (sentences string [L], documents int64 [L]). Texts are split after `.`, `!` and `?`; documents that
        differ have different numbers.

    Raises:
        FileNotFoundError: If a file is missing.
        TypeError, ValueError: If `documents` is something else, or holds no text.
        InvalidArgumentError: When run, if a `tf.data.Dataset` ends without any.

    Example:
        >>> sentences, documents = next(iter(read_sentences([["It rained. We got wet."], ["Hello."]])))
        >>> documents.numpy().tolist()
        [0, 0, 1]
    """
    if isinstance(documents, str | PathLike):
        documents = [documents]
    if isinstance(documents, tf.data.Dataset):
        return _with_text(_split(_of_dataset(documents)))
    elif isinstance(documents, list | tuple) and documents and all(isinstance(path, PathLike) for path in documents):
        dataset = _of_files(list(map(Path, documents)))
    else:
        dataset = _of_lists(documents)
    return _split(dataset)


def hold_out(sentences: tf.data.Dataset, every: int = 20) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Part documents: each of so many is held out.

    Args:
        sentences: A dataset as `read_sentences` returns it.
        every: int from 1 to 20, default 20.

    Returns:
        Two such datasets: what is kept, and what is held out.
    """

    def part(is_out):
        def choose(texts, documents):
            chosen = (documents % every == every - 1) == is_out
            return tf.boolean_mask(texts, chosen), tf.boolean_mask(documents, chosen)

        return sentences.map(choose)

    return part(False), part(True)


def share_to_hold_out(sentences: tf.data.Dataset, needed: int, most: int = 20) -> int:
    """Return how many documents there should be to each that is held out: `most`, or fewer in a small corpus.

    Args:
        sentences: A dataset as `read_sentences` returns it.
        needed: int. How many documents should be held out, and kept, at least; fewer are where there are too few.
        most: int from 2 to 20, default 20.

    Returns:
        int of at least 2, the `every` of `hold_out`.
    """
    numbers = _numbers(sentences, enough=2 * most)
    for every in range(min(len(numbers) // 2, most), 2, -1):
        # Those of several files do not fall evenly.
        out = sum(number % every == every - 1 for number in numbers)
        if needed <= out <= len(numbers) - needed:
            return every
    return 2


def count_documents(sentences: tf.data.Dataset, enough: int) -> int:
    """Count documents, up to a number that is enough.

    Args:
        sentences: A dataset as `read_sentences` returns it.
        enough: int.

    Returns:
        int.
    """
    return min(len(_numbers(sentences, enough)), enough)


def _numbers(sentences: tf.data.Dataset, enough: int) -> set[int]:
    """The numbers of documents, of about as many as are enough."""
    found: set[int] = set()
    for _, documents in sentences:
        found.update(documents.numpy().tolist())
        if len(found) >= enough:
            break
    return found


def _of_lists(documents: Any) -> tf.data.Dataset:
    is_rows = isinstance(documents, Iterable) and not isinstance(documents, dict)
    rows = list(documents) if is_rows else []
    for number, row in enumerate(rows):
        if isinstance(row, str | bytes | dict) or not isinstance(row, Iterable):
            raise TypeError(
                "Documents must be lists of texts, [[…], […]]. "
                f"Received: {row!r} as document {number}. For text files write Path(…)."
            )
    texts = as_text([text for row in rows for text in row] or [""], "documents")
    if not tf.reduce_any(tf.strings.strip(texts) != ""):
        raise ValueError(f"Documents must hold text, [['…', '…'], ['…']]. Received: {documents!r}.")
    numbers = [number for number, row in enumerate(rows) for _ in row]
    return tf.data.Dataset.from_tensor_slices((texts, tf.constant(numbers, tf.int64))).batch(WINDOW)


def _of_files(paths: list[Path]) -> tf.data.Dataset:
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"There is no file {str(path)!r}.")
    if not any(map(_has_text, paths)):
        raise ValueError(f"There is no text in {', '.join(repr(str(path)) for path in paths)}.")

    def lines_of(number, path):
        return _of_lines(tf.data.TextLineDataset(path), FILE_SPREAD * number)

    files = tf.data.Dataset.from_tensor_slices([str(path) for path in paths]).enumerate()
    return files.interleave(lines_of, cycle_length=min(FILES_AT_ONCE, len(paths)))


def _has_text(path: Path) -> bool:
    with open_text(path) as file:
        return any(line.strip() for line in file)


def _of_lines(lines: tf.data.Dataset, first: tf.Tensor) -> tf.data.Dataset:
    """Lines with empty ones between documents."""

    def number(state, texts):
        last, was_blank = state
        is_text = tf.strings.strip(texts) != ""
        begins = is_text & tf.concat([[was_blank], ~is_text[:-1]], axis=0)
        numbers = last + tf.cumsum(tf.cast(begins, tf.int64))
        return (numbers[-1], ~is_text[-1]), (texts, numbers)

    return lines.batch(WINDOW).scan((tf.cast(first, tf.int64) - 1, True), number)


def _of_dataset(dataset: tf.data.Dataset) -> tf.data.Dataset:
    spec = dataset.element_spec
    rank = spec.shape.rank if isinstance(spec, tf.TensorSpec | tf.RaggedTensorSpec) else None
    if rank not in (0, 1, 2) or spec.dtype != tf.string:
        raise ValueError(
            "A dataset of documents must hold lines (string []), documents (string [N]) or batches of documents "
            f"(string [D, N]). Received: {spec}."
        )
    if rank == 0:
        return _of_lines(dataset, 0)

    def number(index, given):
        if rank == 1:
            return given, tf.fill(tf.shape(given), index)
        rows = given if isinstance(given, tf.RaggedTensor) else tf.RaggedTensor.from_tensor(given)
        return rows.values, FILE_SPREAD * index + rows.value_rowids()

    return dataset.enumerate().map(number).rebatch(WINDOW)


def _split(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Texts as sentences; what is blank is none."""
    return dataset.map(tf.autograph.experimental.do_not_convert(_sentences_of), num_parallel_calls=tf.data.AUTOTUNE)


def _sentences_of(texts, documents):
    lines = tf.strings.regex_replace(tf.strings.regex_replace(texts, r"\s+", " "), SENTENCE_END, "\\1\\2\n")
    sentences = tf.strings.split(lines, "\n")
    flat = tf.strings.strip(sentences.values)
    is_text = flat != ""
    numbers = tf.gather(documents, sentences.value_rowids())
    return tf.boolean_mask(flat, is_text), tf.boolean_mask(numbers, is_text)


def _with_text(sentences: tf.data.Dataset) -> tf.data.Dataset:
    """Refuse sentences that end before the first one; to look for it sooner would use up a generator."""
    end = tf.data.Dataset.from_tensors((tf.constant([], tf.string), tf.constant([], tf.int64), True))

    @tf.autograph.experimental.do_not_convert
    def see(had_text, window):
        texts, documents, is_end = window
        has_text = had_text | (tf.size(texts) > 0)
        check = tf.debugging.Assert(has_text | ~is_end, ["The dataset of documents has no text."])
        with tf.control_dependencies([check]):
            return tf.identity(has_text), (texts, documents)

    windows = sentences.map(lambda texts, documents: (texts, documents, False)).concatenate(end).scan(False, see)
    return windows.filter(lambda texts, documents: tf.size(texts) > 0)
