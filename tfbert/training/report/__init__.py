"""What is written about a training: charts and a model card, of recorded facts only."""

from tfbert.training.report.data_facts import DataFacts
from tfbert.training.report.training_facts import TrainingFacts
from tfbert.training.report.write_report import write_report

__all__ = ["DataFacts", "TrainingFacts", "write_report"]
