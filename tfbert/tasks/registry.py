"""Every task by its name: the class that answers it, its pipeline, and what its checkpoints are called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tfbert.tasks.base.task import Task
    from tfbert.tasks.pipelines.pipeline import Pipeline


class TaskEntry(NamedTuple):
    """One task.

    Args:
        task: str. Class in `tfbert.tasks`.
        home: str. The class's module there.
        architectures: tuple of str. Endings of the `architectures` in config.json that speak of it.
        aliases: tuple of str. Other names of it.
        has_head: bool, default True. Whether it needs more than the bare encoder.
    """

    task: str
    home: str
    architectures: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    has_head: bool = True

    def names(self, architecture: str) -> bool:
        """Whether an entry of `architectures` speaks of this task."""
        return any(f"Bert{ending}" in architecture for ending in self.architectures)

    def task_class(self) -> type[Task]:
        """Return the class of the task."""
        return getattr(importlib.import_module(f"tfbert.tasks.{self.home}"), self.task)

    def pipeline_class(self) -> type[Pipeline]:
        """Return the class of its pipeline, whose module and name follow from the task's."""
        module = importlib.import_module(f"tfbert.tasks.pipelines.{self.home}_pipeline")
        return getattr(module, f"{self.task}Pipeline")


# Names and aliases are Hugging Face's wherever it has the task.
TASKS: dict[str, TaskEntry] = {
    "text-classification": TaskEntry(
        "TextClassifier", "text_classifier", ("ForSequenceClassification",), ("sentiment-analysis",)
    ),
    "token-classification": TaskEntry("TokenClassifier", "token_classifier", ("ForTokenClassification",), ("ner",)),
    "question-answering": TaskEntry("QuestionAnswerer", "question_answerer", ("ForQuestionAnswering",)),
    "fill-mask": TaskEntry("MaskFiller", "mask_filler", ("ForMaskedLM", "ForPreTraining")),
    "feature-extraction": TaskEntry("FeatureExtractor", "feature_extractor", ("Model",), has_head=False),
    "text-embedding": TaskEntry(
        "TextEmbedder", "text_embedder", aliases=("sentence-embedding", "sentence-similarity"), has_head=False
    ),
    "zero-shot-classification": TaskEntry("ZeroShotClassifier", "zero_shot_classifier", ("ForSequenceClassification",)),
    "text-generation": TaskEntry("TextGenerator", "text_generator", ("LMHeadModel",)),
    "next-sentence-prediction": TaskEntry(
        "NextSentencePredictor", "next_sentence_predictor", ("ForNextSentencePrediction", "ForPreTraining")
    ),
    "multiple-choice": TaskEntry("ChoiceSelector", "choice_selector", ("ForMultipleChoice",)),
}


def find_task(name: str) -> str:
    """Return the name of a task, given that or an alias.

    Args:
        name: str.

    Returns:
        str, a key of `TASKS`.

    Raises:
        ValueError: If there is no such task; the message lists those that there are.

    Example:
        >>> find_task("sentiment-analysis")
        'text-classification'
    """
    for task, entry in TASKS.items():
        if name == task or name in entry.aliases:
            return task
    known = [*TASKS, *(alias for entry in TASKS.values() for alias in entry.aliases)]
    raise ValueError(f"Unknown task {name!r}. The tasks are: {', '.join(sorted(known))}.")
