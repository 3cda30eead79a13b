"""write_report: the charts and the model card of a training, in a checkpoint folder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.training.report.charts import (
    MOST_CLASSES,
    RATES,
    confusion_matrix,
    curves,
    length_histogram,
    plots_are_there,
)
from tfbert.training.report.model_card import WRITTEN_BY, model_card
from tfbert.training.report.training_facts import TrainingFacts

logger = logging.getLogger("tfbert")


def write_report(
    folder: str | PathLike, facts: TrainingFacts, plots: bool | None = None, name: str | None = None
) -> list[Path]:
    """Write what is known about a training beside its checkpoint.

    `README.md` is a model card; `training_curves.png`, `confusion_matrix.png` and `text_lengths.png` are drawn where
    the facts allow; a matrix of more than 60 classes is left out. A README.md that tfbert has not written stays.

    Args:
        folder: Path of the checkpoint folder.
        facts: `TrainingFacts`.
        plots: bool or None, default None. Whether to draw; None is where matplotlib is installed.
        name: str. The model's name; by default the folder's.

    Returns:
        A list of the files that were written.

    Raises:
        FileNotFoundError: If there is no such folder.
        ModuleNotFoundError: If `plots` is True and matplotlib is missing.

    Example:
        >>> history = classifier.fit(texts, labels, epochs=3).history  # doctest: +SKIP
        >>> write_report("outputs/reviews", TrainingFacts("text-classification", history))  # doctest: +SKIP
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {str(folder)!r} to report in. Save the model there first.")
    written = []
    if plots or (plots is None and plots_are_there()):
        for chart, draw in _charts(facts).items():
            draw().savefig(folder / chart)
            written.append(folder / chart)
    card = folder / "README.md"
    if card.exists() and WRITTEN_BY not in card.read_text(encoding="utf-8", errors="replace"):
        logger.warning("%s is not by tfbert and stays as it is: no model card was written.", card)
        return written
    text = model_card(facts, name or folder.resolve().name, [path.name for path in written])
    card.write_text(text, encoding="utf-8")
    return [*written, card]


def _charts(facts: TrainingFacts) -> dict[str, Callable[[], Any]]:
    """What there is to draw, by the name of its file."""
    charts: dict[str, Callable[[], Any]] = {}
    if any(name not in RATES for name in facts.history):
        charts["training_curves.png"] = lambda: curves(facts.history, facts.first_epoch)
    matrix = facts.confusion
    if matrix is not None and len(matrix) <= MOST_CLASSES:
        title = f"{facts.confusion_of} rows"
        charts["confusion_matrix.png"] = lambda: confusion_matrix(matrix, facts.labels, title)
    lengths = facts.lengths
    if lengths is not None and len(lengths):
        charts["text_lengths.png"] = lambda: length_histogram(lengths, facts.max_length)
    return charts
