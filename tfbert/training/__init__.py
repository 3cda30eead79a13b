"""Losses, optimizers and the parts of training that models and tasks share."""

from tfbert.training.bert_adamw import BertAdamW
from tfbert.training.cosine_warmup import CosineWarmup
from tfbert.training.data.read_table import read_table
from tfbert.training.linear_warmup import LinearWarmup
from tfbert.training.make_optimizer import make_optimizer
from tfbert.training.multiple_negatives_ranking_loss import MultipleNegativesRankingLoss
from tfbert.training.resumable_training import ResumableTraining
from tfbert.training.triplet_loss import TripletLoss
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
