"""Rows of Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfbert.training.data.text_files import Rows, check_columns

ROWS_AT_A_TIME = 1024


def parquet_rows(path: Path, columns: Sequence[str]) -> Rows:
    """Read columns of a Parquet file, some rows at a time.

    Args:
        path: Path of a `.parquet` file.
        columns: Sequence of str. Columns that it must have.

    Yields:
        "row 3" and a dict from column to value; rows count from 1.

    Raises:
        ModuleNotFoundError: If the library `pyarrow` is missing.
        ValueError: If it is no Parquet file, or lacks a column.
    """
    try:
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Reading Parquet takes the library `pyarrow`: pip install 'tfbert-keras[parquet]'."
        ) from error
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            check_columns(path, columns, file.schema_arrow.names)
            number = 0
            for batch in file.iter_batches(batch_size=ROWS_AT_A_TIME, columns=list(columns), use_threads=False):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number}", row
    except (pyarrow.ArrowInvalid, UnicodeDecodeError) as error:
        raise ValueError(f"{str(path)!r} is no Parquet file, or broken: {error}.") from error
