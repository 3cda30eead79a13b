"""read_table: files of texts and labels as a `tf.data.Dataset`."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

import tensorflow as tf

from tfbert.training.data.table import Table


def read_table(
    paths: str | PathLike | Sequence[str | PathLike],
    task: str = "text-classification",
    *,
    problem_type: str = "single_label_classification",
    labels: Sequence[str] | None = None,
    label_separator: str = ",",
    quotes: bool = True,
    on_bad_rows: str = "raise",
    shuffle_buffer: int = 0,
    seed: int | None = None,
    **columns: str | Sequence[str],
) -> tf.data.Dataset:
    """Read files as a dataset that `fit` of a task takes; they stream, whatever their size.

    Columns by task; those in brackets only where they are named:

    | task | columns | the dataset's rows |
    |---|---|---|
    | text-classification | text, [text_pair], label | {text, text_pair}, name; float for a regression; 0 and 1 [K] |
    | zero-shot-classification, next-sentence-prediction | text, text_pair, label | {text, text_pair}, name |
    | token-classification | tokens, tags | strings [W], names [W], ragged: call `.batch(16)` before `fit` |
    | question-answering | question, context, answers | {question, context}, {answer_start, text} |
    | multiple-choice | text, choices, label | {text, choices ragged [C]}, place of the right choice |
    | fill-mask, text-generation | text | {text} |
    | text-embedding | text, text_pair, [negative], [score] | {text, text_pair, negative}, float from -1 to 1 |

    Files are `.csv` and `.tsv` with a header, `.jsonl`, `.json` (also an array, or SQuAD 1.1 and 2), `.parquet`; words
    with labels also `.conll`, `.iob`, `.bio` and `.txt` with a word a line and an empty line between sentences; texts
    alone also `.txt` with one a line. In CSV lists are JSON; words may be split by blanks, labels by
    `label_separator`. In the middle of a training a bad row ends it with a TensorFlow error whose message names it.

    Args:
        paths: Path, pattern such as "data/*.csv", or sequence of them.
        task: str, default "text-classification".
        problem_type: str, default "single_label_classification"; or "multi_label_classification" or "regression".
        labels: Sequence of str or None. The classes: others are refused. Numbers stand for them, unless one is named
            by the number of another: of "1" to "5", 3 is the class named "3". None takes all; of several labels a text
            they are then looked for in a pass of its own, and sorted.
        label_separator: str, default ",".
        quotes: bool, default True. Whether cells of CSV and TSV may stand in quotation marks.
        on_bad_rows: str, default "raise". "skip" leaves out rows that cannot be used, and logs how many in each pass:
            rows without text or label, of another width, with invalid JSON or UTF-8, with unknown labels.
        shuffle_buffer: int, default 0. Rows among which the next one is drawn, in another order in each pass.
        seed: int or None. What the orders follow from.
        **columns: The name in the files of each column, such as text="review"; of `choices` also several names.

    Returns:
        A `tf.data.Dataset` of single rows.

    Raises:
        FileNotFoundError: If there is no such file.
        ModuleNotFoundError: If a Parquet file is to be read without `pyarrow`.
        ValueError: If an option is wrong, or the first row cannot be used.

    Example:
        >>> dataset = read_table("reviews.csv", text="review", label="stars", shuffle_buffer=1000)  # doctest: +SKIP
        >>> classifier.fit(dataset, batch_size=32)  # doctest: +SKIP
    """
    table = Table(
        paths,
        task,
        columns,
        problem_type=problem_type,
        labels=labels,
        label_separator=label_separator,
        quotes=quotes,
        on_bad_rows=on_bad_rows,
    )
    return table.dataset(shuffle_buffer, seed)
