"""Losses, optimizers and the parts of training that models and tasks share."""

from tfbert.training.bert_adamw import BertAdamW
from tfbert.training.linear_warmup import LinearWarmup

__all__ = ["BertAdamW", "LinearWarmup"]
