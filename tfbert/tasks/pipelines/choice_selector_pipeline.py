"""ChoiceSelectorPipeline: the choices of a text, best first."""

from __future__ import annotations

from tfbert.tasks.pipelines.pipeline import Pipeline


class ChoiceSelectorPipeline(Pipeline):
    """Dicts of `text`, or `prompt`, and `choices` to lists of dicts of `choice`, `index` and `score`, best first.

    `index` is the place among the choices that were given; "" among them is no choice. Hugging Face has no pipeline of
    this name.
    """

    def read_row(self, value):
        given = value.items() if isinstance(value, dict) else ()
        row = {"text" if name == "prompt" else name: part for name, part in given}
        if set(row) != {"text", "choices"} or isinstance(row["choices"], str) or not any(row["choices"]):
            raise ValueError(
                "A multiple-choice pipeline takes {'text': '…', 'choices': ['…', '…']} with at least one choice, or a "
                f"list of those. Received: {value!r}."
            )
        return {"text": row["text"], "choices": list(row["choices"])}

    def write(self, row, answer, task):
        choices = [
            {"choice": choice, "index": index, "score": float(answer["scores"][index])}
            for index, choice in enumerate(row["choices"])
            if choice != ""
        ]
        return sorted(choices, key=lambda choice: -choice["score"])
