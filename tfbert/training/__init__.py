"""Losses, optimizers and the parts of training that models and tasks share."""

from tfbert.training.bert_adamw import BertAdamW
from tfbert.training.linear_warmup import LinearWarmup
from tfbert.training.vocabulary import train_vocabulary

__all__ = ["BertAdamW", "LinearWarmup", "train_vocabulary"]
