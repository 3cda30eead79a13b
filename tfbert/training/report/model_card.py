"""The model card: README.md of a checkpoint folder, with the front matter that Hugging Face reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tfbert.training.report.charts import RATES
from tfbert.training.report.training_facts import TrainingFacts

WRITTEN_BY = "<!-- Written by tfbert from what it recorded; a training replaces it as long as this line stands. -->"
PIPELINE_TAGS = {"text-embedding": "sentence-similarity", "next-sentence-prediction": None}
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def model_card(facts: TrainingFacts, name: str, charts: Sequence[str] = ()) -> str:
    """Return the card's text: nothing but what the facts hold.

    Args:
        facts: `TrainingFacts`.
        name: str. The model's name.
        charts: Sequence of str. Names of the images beside it.

    Returns:
        str, Markdown.

    Source: the model cards of the Hugging Face hub.
    """
    parts = [
        f"---\n{_yaml(_front_matter(facts, name))}---\n{WRITTEN_BY}",
        f"# {name}\n\n{_opening(facts)}",
        _section("Data", [_data(facts), _lengths(facts), _classes(facts)], charts, "text_lengths"),
        _section("Training", [_table(("setting", "value"), facts.options.items()), _history(facts)], charts, "curves"),
        _section("Results", [_results(facts)], charts, "confusion_matrix"),
        _section("Versions", [_table(("library", "version"), facts.versions.items())], charts, ""),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(facts: TrainingFacts, name: str) -> dict[str, Any]:
    tag = PIPELINE_TAGS.get(facts.task, facts.task)
    scores = {name: value for name, value in facts.results.items() if name != "loss"}
    matter: dict[str, Any] = {
        "language": facts.language,
        "license": facts.license,
        "library_name": "tfbert",
        "tags": ["bert", "keras", "tfbert"],
        "pipeline_tag": tag,
        # The hub takes names of its own only; another folder is told of in the text.
        "base_model": facts.base_model if HUB_ID.fullmatch(facts.base_model or "") else None,
        "metrics": list(scores),
    }
    if scores and "test" in facts.data:
        files = facts.data["test"].files
        kind = files[0].rpartition(".")[2]
        result = {
            "task": {"type": tag or facts.task},
            "dataset": {"name": ", ".join(files), "type": kind, "split": "test"},
            "metrics": [{"type": metric, "name": metric, "value": value} for metric, value in scores.items()],
        }
        matter["model-index"] = [{"name": name, "results": [result]}]
    return {key: value for key, value in matter.items() if value}


def _yaml(content: Mapping[str, Any]) -> str:
    """YAML of a mapping; values are JSON, which is YAML too."""
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in content.items())


def _opening(facts: TrainingFacts) -> str:
    origin = f", trained from `{facts.base_model}`" if facts.base_model else ""
    day = f" on {facts.date}" if facts.date else ""
    return f"A BERT model for {facts.task}{origin} with tfbert{day}: text in, answers out, in one TensorFlow model."


def _section(title: str, parts: Iterable[str], charts: Sequence[str], chart: str) -> str:
    images = [f"![{title}]({name})" for name in charts if chart and chart in name]
    body = [part for part in parts if part]
    return "\n\n".join([f"## {title}", *body, *images]) if body or images else ""


def _data(facts: TrainingFacts) -> str:
    rows = [(part, ", ".join(data.files), data.rows, data.skipped) for part, data in facts.data.items()]
    return _table(("set", "files", "rows", "skipped"), rows)


def _lengths(facts: TrainingFacts) -> str:
    if facts.lengths is None or not len(facts.lengths):
        return ""
    middle, most = np.percentile(facts.lengths, (50, 95)).round().astype(int)
    text = f"Tokens of an input: median {middle}, 95 % have at most {most}, the longest {facts.lengths.max()}"
    if facts.max_length is not None:
        text += f"; the model sees {facts.max_length} ({(facts.lengths > facts.max_length).mean():.1%} have more)"
    return f"{text}. Counted on {len(facts.lengths):,} inputs of the training rows."


def _classes(facts: TrainingFacts) -> str:
    return _table(("class", "training rows"), facts.label_counts.items())


def _history(facts: TrainingFacts) -> str:
    names = [name for name in facts.history if name not in RATES]
    values = zip(*(facts.history[name] for name in names))
    return _table(("epoch", *names), ((epoch, *row) for epoch, row in enumerate(values, start=facts.first_epoch)))


def _results(facts: TrainingFacts) -> str:
    return _table(("metric", "test rows"), facts.results.items())


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *lines])


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).replace("|", "\\|").replace("\n", " ")
