"""NextSentencePredictorPipeline: whether a second text follows the first."""

from __future__ import annotations

from tfbert.tasks.pipelines.pipeline import Pipeline


class NextSentencePredictorPipeline(Pipeline):
    """Dicts of `text` and `text_pair` to dicts of `label`, IS_NEXT or NOT_NEXT, and `score`.

    Hugging Face has no pipeline of this name.
    """

    def write(self, row, answer, task):
        return {"label": answer["label"], "score": float(answer["score"])}
