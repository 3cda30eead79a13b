"""ZeroShotClassifierPipeline: labels and scores as Hugging Face's zero-shot-classification pipeline returns them."""

from __future__ import annotations

from typing import Any

from tfbert.tasks.pipelines.pipeline import Pipeline, is_single, is_stream, values_of


class ZeroShotClassifierPipeline(Pipeline):
    """Text and candidate labels to dicts of `sequence`, `labels` and `scores`, best first.

    Source: `transformers.ZeroShotClassificationPipeline`.
    """

    def __call__(  # type: ignore[override]  # the names of Hugging Face
        self, sequences: Any, candidate_labels: Any = None, *, batch_size: int | None = None, **options: Any
    ) -> Any:
        """Answer one text, a list, or a stream.

        Args:
            sequences: str; a list, tuple, array or Series of str; or a generator, an iterator or a dataset of str.
            candidate_labels: List of str, or a str with commas between labels; by default the pipeline's own. A row
                given as a dict may bring its own.
            batch_size: int. Texts at a time.
            **options: `hypothesis_template`, `multi_label`, or options of the tokenizer.

        Returns:
            A dict for a single text, else a list or an iterator of dicts.

        Raises:
            ValueError: If there is no label, or a text is empty.
        """
        labels = _read_labels(self._options.get("candidate_labels") if candidate_labels is None else candidate_labels)

        def with_labels(value):
            row = self.read_row(value)
            own = _read_labels(row["candidate_labels"]) if "candidate_labels" in row else labels
            if not row.get("text") or not own:
                raise ValueError(
                    "Give at least one label and a text that is not empty: "
                    f"classify('…', candidate_labels=['…', '…']). Received: {row.get('text')!r} and {own}."
                )
            return {**row, "candidate_labels": own}

        rows: Any
        if is_single(sequences):
            rows = with_labels(sequences)
        elif is_stream(sequences):
            rows = map(with_labels, values_of(sequences))
        else:
            rows = [with_labels(value) for value in sequences]
        return super().__call__(rows, batch_size=batch_size, **options)

    def task_options(self, options):
        return {name: value for name, value in options.items() if name != "candidate_labels"}

    def write(self, row, answer, task):
        count = answer["length"]
        labels, scores = answer["labels"][:count], answer["scores"][:count]
        return {"sequence": row["text"], "labels": labels.tolist(), "scores": scores.tolist()}


def _read_labels(labels: Any) -> list[str]:
    """Labels from a list, or from a string with commas between them."""
    if isinstance(labels, str):
        labels = [label.strip() for label in labels.split(",")]
    return [label for label in (() if labels is None else labels) if label != ""]
