"""Keras layers: the tokenizer and the parts of BERT."""

from tfbert.layers.activations import ACTIVATIONS
from tfbert.layers.classification_head import ClassificationHead
from tfbert.layers.cross_attention import BertCrossAttention
from tfbert.layers.embeddings import BertEmbeddings
from tfbert.layers.encoder import BertEncoder
from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.layers.lm_prediction_head import BertLMPredictionHead
from tfbert.layers.pooler import BertPooler
from tfbert.layers.prediction_head_transform import BertPredictionHeadTransform
from tfbert.layers.replayable_dropout import ReplayableDropout
from tfbert.layers.self_attention import BertSelfAttention
from tfbert.layers.sentence_pooling import SentencePooling
from tfbert.layers.transformer_layer import BertTransformerLayer

__all__ = [
    "ACTIVATIONS",
    "BertCrossAttention",
    "BertEmbeddings",
    "BertEncoder",
    "BertLMPredictionHead",
    "BertPooler",
    "BertPredictionHeadTransform",
    "BertSelfAttention",
    "BertTransformerLayer",
    "ClassificationHead",
    "FastBertTokenizer",
    "ReplayableDropout",
    "SentencePooling",
]
