"""Apache Spark: answers to the texts of a DataFrame, by every core of a cluster."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from tfbert.optional import import_optional
from tfbert.scoring.model_stamp import model_stamp
from tfbert.scoring.table_scorer import TableScorer, TextColumns

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyspark.sql import DataFrame

_SENT: dict[tuple[str, str], tempfile.TemporaryDirectory] = {}


def predict(
    df: DataFrame,
    model_dir: str | PathLike,
    text_col: TextColumns = "text",
    *,
    keep: Sequence[str] | None = None,
    prefix: str = "",
    batch_size: int = 32,
    threads: int | None = 1,
    archive: bool = False,
) -> DataFrame:
    """Return a DataFrame with the answers of an exported model to its texts.

    Each Python process of an executor opens the model once and answers one partition after another: a DataFrame needs
    at least as many partitions as there are cores (`df.repartition(…)`), and more, such as four a core, let them end
    together. Rows travel by `mapInArrow`, so that other columns come through exactly. Where an executor dies, Spark
    answers its partitions again.

    A null gives nulls. A row that fails, such as a text too long for a model without truncation, gives nulls and says
    why in the column `error`; its neighbours are answered.

    Args:
        df: `pyspark.sql.DataFrame`, of batches or streaming.
        model_dir: Path of a SavedModel, or of a LiteRT or ONNX file. Every executor must be able to read it there, and
            have tfbert installed.
        text_col: str, default "text". The column of text; for models of several texts a list of columns in the order of
            the model's inputs, or a dict such as {"question": "q", "context": "c"}. Strings or binary, arrays of them
            for choices and candidate labels.
        keep: Sequence of str or None, default None. The columns that go through; None is all.
        prefix: str, default "". What the names of the columns of answers begin with.
        batch_size: int, default 32. Rows that the model sees at a time.
        threads: int or None, default 1. Cores that an answer may use: what `spark.task.cpus` says. None is all.
        archive: bool, default False. Send the model to the executors with the job, rather than have them read it at
            its path.

    Returns:
        `pyspark.sql.DataFrame`: the columns kept, those of the answers as `predict` of the task has them (without
        padding, arrays where a row has several), and `error`, str.

    Raises:
        FileNotFoundError: If there is no model.
        TypeError: If a column holds no text.
        ValueError: If columns are missing, or answers would take their names.
        ImportError: If PySpark is not installed.

    Example:
        >>> answered = predict(spark.read.parquet("texts"), "saved_models/sentiment/1")  # doctest: +SKIP
        >>> answered.select("text", "label", "score").write.parquet("answers")  # doctest: +SKIP
    """
    types = import_optional("pyspark.sql.types")
    from_arrow_schema = import_optional("pyspark.sql.pandas.types").from_arrow_schema
    scorer = TableScorer.make(
        model_dir, text_col, df.columns, keep=keep, prefix=prefix, batch_size=batch_size, threads=threads
    )
    for name in scorer.inputs.values():
        kind = df.schema[name].dataType
        kind = kind.elementType if isinstance(kind, types.ArrayType) else kind
        if not isinstance(kind, types.StringType | types.BinaryType):
            raise TypeError(
                f"The column {name!r} must hold strings. Received: {df.schema[name].dataType.simpleString()}."
            )
    schema = types.StructType([*(df.schema[name] for name in scorer.keep), *from_arrow_schema(scorer.added)])
    sent_as = _send(df, scorer.model_path) if archive else None
    quoted = ["`{}`".format(name.replace("`", "``")) for name in scorer.needed]

    def answered(tables: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _at_hand(scorer, sent_as).in_parts(tables)

    return df.select(*quoted).mapInArrow(answered, schema)


def _send(df: DataFrame, model_path: str) -> str:
    """Add a model to the files of the application, once, and return the path that it has among them."""
    session, path = df.sparkSession, Path(model_path)
    # Sessions of Spark Connect have files of their own, and no context.
    owner = getattr(session, "session_id", None) or session.sparkContext.applicationId
    name = f"tfbert-{hashlib.sha256(repr((model_path, model_stamp(path))).encode()).hexdigest()[:16]}"
    if (owner, name) not in _SENT:
        folder = tempfile.TemporaryDirectory()  # from which executors fetch it until this process ends
        packed = shutil.make_archive(f"{folder.name}/{name}", "zip", path.parent, path.name)
        session.addArtifacts(f"{packed}#{name}", archive=True)
        _SENT[owner, name] = folder
    return f"{name}/{path.name}"


def _at_hand(scorer: TableScorer, sent_as: str | None) -> TableScorer:
    """The scorer as an executor can run it, which finds a model that came with the job among its files."""
    if sent_as is None:
        return scorer
    return dataclasses.replace(scorer, model_path=import_optional("pyspark").SparkFiles.get(sent_as))
