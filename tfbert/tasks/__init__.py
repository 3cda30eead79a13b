"""String in, answer out: Keras models, one for each task."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfbert.tasks.choice_selector import ChoiceSelector
    from tfbert.tasks.distiller import Distiller
    from tfbert.tasks.feature_extractor import FeatureExtractor
    from tfbert.tasks.mask_filler import MaskFiller
    from tfbert.tasks.next_sentence_predictor import NextSentencePredictor
    from tfbert.tasks.pipelines.make_pipeline import pipeline
    from tfbert.tasks.pretrainer import Pretrainer
    from tfbert.tasks.question_answerer import QuestionAnswerer
    from tfbert.tasks.text_classifier import TextClassifier
    from tfbert.tasks.text_embedder import TextEmbedder
    from tfbert.tasks.text_generator import TextGenerator
    from tfbert.tasks.token_classifier import TokenClassifier
    from tfbert.tasks.zero_shot_classifier import ZeroShotClassifier

__all__ = [
    "ChoiceSelector",
    "Distiller",
    "FeatureExtractor",
    "MaskFiller",
    "NextSentencePredictor",
    "Pretrainer",
    "QuestionAnswerer",
    "TextClassifier",
    "TextEmbedder",
    "TextGenerator",
    "TokenClassifier",
    "ZeroShotClassifier",
    "pipeline",
]

# What trains, but is asked by no pipeline.
LEARNERS = {"Distiller": "tfbert.tasks.distiller", "Pretrainer": "tfbert.tasks.pretrainer"}


def __getattr__(name: str) -> Any:
    from tfbert.tasks.registry import TASKS

    if name in LEARNERS:
        return getattr(importlib.import_module(LEARNERS[name]), name)
    if name == "pipeline":
        return importlib.import_module("tfbert.tasks.pipelines.make_pipeline").pipeline
    for entry in TASKS.values():
        if name == entry.task:
            return entry.task_class()
    raise AttributeError(f"module 'tfbert.tasks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
