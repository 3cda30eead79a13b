"""Ray Data: answers to the texts of a dataset, by actors that open the model once."""

from __future__ import annotations

from os import PathLike
from typing import Any

from tfbert.option_checks import DEFAULT_BATCH_SIZE, check_count
from tfbert.scoring.opened_models import model_path, opened_model
from tfbert.scoring.table_scorer import TableScorer, TextColumns
from tfbert.tasks.base.text_dataset import POOL


class Predictor:
    """What `map_batches` runs in each actor, with `batch_format="pyarrow"`; `predict` calls it so.

    Args:
        model_dir: Path of an exported model.
        text_col: str, default "text". The column of text, or several of them; see `tfbert.spark.predict`.
        **options: `keep`, `prefix`, `batch_size` and `threads`, as `tfbert.spark.predict` has them.
    """

    def __init__(self, model_dir: str | PathLike, text_col: TextColumns = "text", **options: Any):
        self._given, self._options = (model_dir, text_col), {"threads": 1, **options}
        self._scorer: TableScorer | None = None
        opened_model(model_dir, self._options["threads"])

    def __call__(self, table: Any) -> Any:
        """Return a `pyarrow.Table` with its answers."""
        if self._scorer is None:
            self._scorer = TableScorer.make(*self._given, table.column_names, **self._options)
        return self._scorer(table)


def predict(
    dataset: Any, model_dir: str | PathLike, text_col: TextColumns = "text", *, concurrency: Any = 1, **options: Any
) -> Any:
    """Return a dataset with the answers of an exported model to its texts; nulls and rows that fail are those of Spark.

    Args:
        dataset: `ray.data.Dataset`.
        model_dir, text_col, **options: See `Predictor`.
        concurrency: int or tuple, default 1. How many actors, or the least and the most. Each takes a core of Ray's;
            leave one to what reads, or nothing moves.

    Returns:
        `ray.data.Dataset`.

    Raises:
        FileNotFoundError: If there is no model.
        ValueError: If `batch_size` is no whole number above 0.
    """
    given = {"model_dir": model_path(model_dir), "text_col": text_col, **options}
    batch_size = options.get("batch_size", DEFAULT_BATCH_SIZE)
    check_count("batch_size", batch_size)
    rows = POOL * batch_size  # which are sorted by length together
    return dataset.map_batches(
        Predictor, fn_constructor_kwargs=given, batch_size=rows, batch_format="pyarrow", concurrency=concurrency
    )
