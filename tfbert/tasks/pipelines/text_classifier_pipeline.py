"""TextClassifierPipeline: labels and scores as Hugging Face's text-classification pipeline returns them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfbert.tasks.pipelines.pipeline import Pipeline, is_single, is_stream


class TextClassifierPipeline(Pipeline):
    """Text, or a dict of `text` and `text_pair`, to dicts of `label` and `score`.

    Without `top_k`, a string gives a list of the best label, a dict the best label, and a list one for each input.
    With it, also None, which is all, each input gives a list of labels, best first; a string such a list, within
    another one where `top_k` was given to the pipeline rather than to the call.

    Source: `transformers.TextClassificationPipeline`.
    """

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **options: Any) -> Any:
        """Answer one input, a list, or a stream; see `Pipeline`."""
        given = {**self._options, **options}

        def shaped(labels):
            return labels[: given["top_k"]] if "top_k" in given else labels[0]

        outputs = super().__call__(inputs, batch_size=batch_size, **options)
        if is_stream(inputs):
            return map(shaped, outputs)
        if not is_single(inputs):
            return [shaped(labels) for labels in outputs]
        is_listed = not isinstance(inputs, dict) and "top_k" not in options
        return [shaped(outputs)] if is_listed else shaped(outputs)

    def task_options(self, options):
        function = options.get("function_to_apply")
        return options | ({"function_to_apply": function.lower()} if isinstance(function, str) else {})

    def read_row(self, value):
        if isinstance(value, list | tuple):
            raise ValueError(
                "A list within the list of inputs is no input. To give a pair of texts write a dict: "
                f"{{'text': '…', 'text_pair': '…'}}. Received: {value!r}."
            )
        return super().read_row(value)

    def write(self, row, answer, task):
        if "labels" in answer:
            labels, scores = answer["labels"], answer["scores"]
        else:  # numbers, which have no order in the answer
            values = np.atleast_1d(answer["score"])
            order = np.argsort(-values, kind="stable")
            names = task.label_names()
            labels, scores = [names[place] for place in order.tolist()], values[order]
        return [{"label": label, "score": float(score)} for label, score in zip(labels, scores)]
