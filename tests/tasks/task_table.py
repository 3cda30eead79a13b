"""A row for each task: its class, the tiny checkpoint that it loads, its options, and text to ask it."""

import dataclasses
from typing import Any

import tfbert.tasks

SENTENCES = ["Anna Wolfgang lives in New York.", "北京 is a city!", "", "café 😀 Microsoft " * 30]


@dataclasses.dataclass(frozen=True)
class Row:
    """One task.

    Args:
        task: str. Class of `tfbert.tasks`.
        folder: str. Key of `MODELS` in `tests/tasks/pipelines/models.py`.
        inputs: dict of columns; rows of different lengths, empty texts where the task allows them.
        options: dict. Options of answering other than the defaults.
    """

    task: str
    folder: str
    inputs: dict[str, list]
    options: dict[str, Any] = dataclasses.field(default_factory=dict)

    def load(self, folder):
        """Return the task of a folder that `make_folder` wrote."""
        return getattr(tfbert.tasks, self.task).from_pretrained(folder, **self.options)


QUESTIONS = {
    "question": ["Who lives in New York?", "Where?", "What is 北京?"],
    "context": [SENTENCES[0], SENTENCES[3], "北京 city"],
}
CHOICES = {"text": SENTENCES, "choices": [["a cat", "a dog", "in New York"], ["yes"], ["no", "北京"], ["old", "red"]]}
LABELS = {
    "text": SENTENCES,
    "candidate_labels": [["city", "dog"], ["music"], ["sport", "news", "city"], ["red", "old"]],
}
MASKED = ["Anna lives in [MASK].", "[MASK] is a [MASK]!", "café 😀 [MASK] Microsoft"]
TASKS = [
    Row("TextClassifier", "sentiment", {"text": SENTENCES}, {"top_k": 2}),
    Row("TokenClassifier", "entities", {"text": SENTENCES}, {"aggregation_strategy": "average", "stride": 8}),
    Row("QuestionAnswerer", "answers", QUESTIONS, {"top_k": 3, "doc_stride": 8, "handle_impossible_answer": True}),
    Row("MaskFiller", "words", {"text": MASKED}, {"top_k": 3}),
    Row("FeatureExtractor", "features", {"text": SENTENCES}),
    Row("TextEmbedder", "embedder_mean", {"text": SENTENCES}),
    Row("NextSentencePredictor", "next_sentence", {"text": SENTENCES, "text_pair": SENTENCES[::-1]}),
    Row("ChoiceSelector", "choices", CHOICES),
    Row("ZeroShotClassifier", "inference", LABELS),
    Row("TextGenerator", "story", {"text": SENTENCES[:3]}, {"max_new_tokens": 5}),
]
