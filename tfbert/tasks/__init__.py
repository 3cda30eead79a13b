"""String in, answer out: Keras models, one for each task."""

from tfbert.tasks.text_classifier import TextClassifier
from tfbert.tasks.text_embedder import TextEmbedder

__all__ = ["TextClassifier", "TextEmbedder"]
