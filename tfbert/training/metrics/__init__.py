"""Metrics of the tasks, as Keras metrics: they pass over the label -100, and add up over batches."""

from tfbert.training.metrics.accuracy import Accuracy
from tfbert.training.metrics.entity_f1 import EntityF1
from tfbert.training.metrics.f1_score import F1Score
from tfbert.training.metrics.matthews_correlation import MatthewsCorrelation
from tfbert.training.metrics.pearson_correlation import PearsonCorrelation
from tfbert.training.metrics.perplexity import Perplexity
from tfbert.training.metrics.spearman_correlation import SpearmanCorrelation
from tfbert.training.metrics.squad_scores import SquadScores

__all__ = [
    "Accuracy",
    "EntityF1",
    "F1Score",
    "MatthewsCorrelation",
    "PearsonCorrelation",
    "Perplexity",
    "SpearmanCorrelation",
    "SquadScores",
]
