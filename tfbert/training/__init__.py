"""Losses, optimizers and the parts of training that models and tasks share."""

from tfbert.training.callbacks.resumable_training import ResumableTraining
from tfbert.training.data.read_table import read_table
from tfbert.training.losses.multiple_negatives_ranking_loss import MultipleNegativesRankingLoss
from tfbert.training.losses.triplet_loss import TripletLoss
from tfbert.training.optimizers.bert_adamw import BertAdamW
from tfbert.training.optimizers.cosine_warmup import CosineWarmup
from tfbert.training.optimizers.linear_warmup import LinearWarmup
from tfbert.training.optimizers.make_optimizer import make_optimizer
from tfbert.training.vocabulary import train_vocabulary

__all__ = [
    "BertAdamW",
    "CosineWarmup",
    "LinearWarmup",
    "MultipleNegativesRankingLoss",
    "ResumableTraining",
    "TripletLoss",
    "make_optimizer",
    "read_table",
    "train_vocabulary",
]
