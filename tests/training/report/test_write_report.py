"""The report of a training: a model card of recorded facts only, charts where they can be drawn."""

import itertools
import sys

import numpy as np
import pytest
from huggingface_hub import ModelCard
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tfbert.training.report import DataFacts, TrainingFacts, write_report
from tfbert.training.report.charts import confusion_matrix, curves, length_histogram

CLASSES = [f"a class of a long name, {number}" for number in range(30)]
FACTS = TrainingFacts(
    task="text-classification",
    history={"loss": [0.7, 0.5], "val_loss": [0.8, 0.6], "texts/s": [10.0, 11.0]},
    first_epoch=3,
    base_model="google-bert/bert-base-uncased",
    license="apache-2.0",
    language="en",
    data={"training": DataFacts(["reviews.csv"], 90, 2), "test": DataFacts(["held.csv"], 10)},
    label_counts={"a|b": 60, "good": 30},
    labels=["a|b", "good"],
    confusion=np.array([[5, 1], [0, 4]]),
    lengths=np.array([3, 5, 70]),
    max_length=64,
    results={"loss": 0.4, "accuracy": 0.9},
    options={"epochs": 2, "learning rate": 5e-5},
    versions={"tfbert": "1.2.3"},
    date="2025-01-31",
)


def test_card_holds_the_facts_and_hugging_face_reads_it(tmp_path):
    (tmp_path / "reviews").mkdir()
    written = write_report(tmp_path / "reviews", FACTS)
    assert sorted(path.name for path in written) == [
        *("README.md", "confusion_matrix.png", "text_lengths.png", "training_curves.png")
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written if path.suffix == ".png")
    card = ModelCard.load(tmp_path / "reviews" / "README.md")
    data = card.data.to_dict()
    assert (data["license"], data["language"], data["pipeline_tag"]) == ("apache-2.0", "en", "text-classification")
    assert (data["base_model"], data["library_name"]) == ("google-bert/bert-base-uncased", "tfbert")
    (result,) = card.data.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_name) == ("accuracy", 0.9, "held.csv")
    for part in (
        *("# reviews", "on 2025-01-31", "| training | reviews.csv | 90 | 2 |", "| a\\|b | 60 |", "| 3 | 0.7 | 0.8 |"),
        *("median 5", "the model sees 64 (33.3% have more)", "| learning rate | 5e-05 |", "| tfbert | 1.2.3 |"),
        *("![Training](training_curves.png)", "![Results](confusion_matrix.png)", "![Data](text_lengths.png)"),
    ):
        assert part in card.text or part in card.content, part
    assert "texts/s" not in card.content


def test_what_is_not_known_is_left_out(tmp_path):
    (path,) = write_report(tmp_path, TrainingFacts("next-sentence-prediction", base_model="my-folder"), plots=False)
    text = path.read_text()
    assert ModelCard(text).data.to_dict() == {"library_name": "tfbert", "tags": ["bert", "keras", "tfbert"]}
    assert "`my-folder`" in text
    for absent in ("##", "|", "None", "license", "language", "](", "base_model"):
        assert absent not in text, absent


def test_a_card_of_somebody_else_stays(tmp_path, caplog):
    card = tmp_path / "README.md"
    card.write_text("# Mine")
    assert write_report(tmp_path, FACTS, plots=False) == []
    assert card.read_text() == "# Mine"
    assert "stays as it is" in caplog.text
    card.unlink()
    for task in ("fill-mask", "text-classification"):  # our own is renewed
        write_report(tmp_path, TrainingFacts(task), plots=False)
        assert f"A BERT model for {task}" in card.read_text()
    with pytest.raises(FileNotFoundError, match="Save the model there first"):
        write_report(tmp_path / "nowhere", FACTS)


def test_charts_without_matplotlib_name_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.ticker", None)
    with pytest.raises(ModuleNotFoundError, match=r"tfbert-keras\[plots\]"):
        write_report(tmp_path, FACTS, plots=True)
    assert [path.name for path in write_report(tmp_path, FACTS)] == ["README.md"]


def overlapping(texts, renderer):
    """Whether two of the texts, in their order, cover each other."""
    boxes = [text.get_window_extent(renderer) for text in texts if text.get_text()]
    return any(one.overlaps(other) for one, other in itertools.pairwise(boxes))


def test_names_of_thirty_classes_do_not_cover_each_other():
    counts = np.diag(np.arange(30) * 400)
    figure = confusion_matrix(counts, CLASSES, "test rows")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    axes, renderer = figure.axes[0], canvas.get_renderer()
    assert not overlapping(axes.get_xticklabels(), renderer)
    assert not overlapping(axes.get_yticklabels(), renderer)
    assert len(axes.texts) == 29  # a cell for each that is not 0
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("answer", "label")
    assert all(len(label.get_text()) <= 24 for label in axes.get_xticklabels())


def test_too_many_classes_for_a_screen_are_not_drawn(tmp_path):
    many = TrainingFacts("text-classification", labels=["x"] * 61, confusion=np.eye(61, dtype=int))
    assert [path.name for path in write_report(tmp_path, many, plots=True)] == ["README.md"]


def test_curves_have_a_panel_for_each_metric_and_a_line_for_each_set():
    figure = curves({"loss": [0.7, 0.5], "val_loss": [0.8, 0.6], "f1": [0.1, 0.2], "tokens/s": [1.0, 2.0]}, 3)
    lines = {axes.get_title(): [list(line.get_ydata()) for line in axes.lines] for axes in figure.axes}
    assert lines == {"loss": [[0.7, 0.5], [0.8, 0.6]], "f1": [[0.1, 0.2]]}
    assert list(figure.axes[0].lines[0].get_xdata()) == [3, 4]
    assert figure.axes[0].get_xlabel() == "epoch"


@pytest.mark.parametrize("lengths", [[2], [0, 0], [3, 3, 400]])
def test_histogram_counts_every_input(lengths):
    axes = length_histogram(np.array(lengths), 64).axes[0]
    assert sum(bar.get_height() for bar in axes.patches) == len(lengths)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("tokens", "inputs")
