"""Charts of a training, as matplotlib figures: curves, confusion matrix, lengths of texts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

BLUE, ORANGE, GRID = "#1f6fb2", "#d1671a", "#d9d9d9"
RATES = ("texts/s", "tokens/s")
PANELS_A_ROW = 3
LONGEST_NAME = 24
MOST_CLASSES = 60  # more of them no screen shows
BARS = 50


def plots_are_there() -> bool:
    """Whether the library that draws is installed."""
    import importlib.util

    return importlib.util.find_spec("matplotlib") is not None


def curves(history: Mapping[str, Sequence[float]], first_epoch: int = 1) -> Any:
    """Draw each metric over the epochs, its values on validation rows beside those of training.

    Args:
        history: Mapping from a metric to its value in each epoch; "val_…" is the metric on validation rows.
        first_epoch: int, default 1. The number of the first epoch.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ModuleNotFoundError: If matplotlib is missing.
    """
    names = list(dict.fromkeys(name.removeprefix("val_") for name in history if name not in RATES))
    width = min(len(names), PANELS_A_ROW)
    height = math.ceil(len(names) / PANELS_A_ROW)
    figure = _figure(4.4 * width, 3.2 * height)
    from matplotlib.ticker import MaxNLocator

    for place, name in enumerate(names, start=1):
        axes = figure.add_subplot(height, width, place)
        for key, label, color in ((name, "training", BLUE), (f"val_{name}", "validation", ORANGE)):
            if key in history:
                epochs = range(first_epoch, first_epoch + len(history[key]))
                axes.plot(epochs, history[key], marker="o", markersize=4, color=color, label=label)
        axes.set(title=name.replace("_", " "), xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(color=GRID, linewidth=0.6)
        axes.legend(frameon=False)
    return figure


def confusion_matrix(counts: np.ndarray, labels: Sequence[str], title: str) -> Any:
    """Draw how many rows of each class got which answer; colours are shares of the class.

    Args:
        counts: int [K, K]. First axis: the label; second: the answer.
        labels: Sequence of K str.
        title: str.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ModuleNotFoundError: If matplotlib is missing.
    """
    names = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in labels]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    longest = max(map(len, names))
    side = max(2.4, 0.36 * len(names)) + 0.085 * longest
    figure = _figure(side + 2.0, side + 1.2)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    axes.set_xticks(range(len(names)), names, rotation=90 if longest > 3 else 0)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="answer", ylabel="label", title=title)
    is_small = len(names) <= 10
    size = 9 if is_small and counts.max() < 10_000 else 6
    for row, column in np.argwhere(np.ones_like(counts) if is_small else counts):
        color = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=size, color=color)
    figure.colorbar(image, ax=axes, label="share of the label's rows", shrink=0.8)
    return figure


def length_histogram(lengths: np.ndarray, max_length: int | None = None) -> Any:
    """Draw how long inputs are, and where the model cuts them.

    Args:
        lengths: int [N]. Tokens.
        max_length: int or None. The tokens that the model sees.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ModuleNotFoundError: If matplotlib is missing.
    """
    figure = _figure(6.4, 3.6)
    axes = figure.add_subplot()
    end = int(lengths.max()) + 1
    step = math.ceil(end / BARS)
    axes.hist(lengths, bins=np.arange(0, end + step, step), color=BLUE)
    if max_length is not None:
        share = float((lengths > max_length).mean())
        axes.axvline(max_length, color=ORANGE, label=f"{max_length} tokens at most; {share:.1%} of inputs have more")
        figure.legend(loc="outside upper right", frameon=False)
    axes.set(xlabel="tokens", ylabel="inputs")
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("Charts take the library `matplotlib`: pip install 'tfbert-keras[plots]'.") from error
    return Figure(figsize=(width, height), dpi=120, layout="constrained")
