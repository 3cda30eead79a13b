"""Keras layers: the tokenizer and the parts of BERT."""

from tfbert.layers.activations import ACTIVATIONS
from tfbert.layers.classification_head import ClassificationHead
from tfbert.layers.embeddings import BertEmbeddings
from tfbert.layers.encoder import BertEncoder
from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.layers.pooler import BertPooler
from tfbert.layers.self_attention import BertSelfAttention
from tfbert.layers.sentence_pooling import SentencePooling
from tfbert.layers.transformer_layer import BertTransformerLayer

__all__ = [
    "ACTIVATIONS",
    "BertEmbeddings",
    "BertEncoder",
    "BertPooler",
    "BertSelfAttention",
    "BertTransformerLayer",
    "ClassificationHead",
    "FastBertTokenizer",
    "SentencePooling",
]
