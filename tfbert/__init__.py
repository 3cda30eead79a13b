"""BERT from raw string to answer in one TensorFlow model."""

import importlib
from typing import TYPE_CHECKING, Any

from tfbert.backend import require_tensorflow_backend
from tfbert.version import __version__

if TYPE_CHECKING:
    from tfbert import export, layers, tasks, training
    from tfbert.config import BertConfig
    from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer as TFBertTokenizer
    from tfbert.models.bert_for_masked_lm import TFBertForMaskedLM
    from tfbert.models.bert_for_multiple_choice import TFBertForMultipleChoice
    from tfbert.models.bert_for_next_sentence_prediction import TFBertForNextSentencePrediction
    from tfbert.models.bert_for_pretraining import TFBertForPreTraining
    from tfbert.models.bert_for_question_answering import TFBertForQuestionAnswering
    from tfbert.models.bert_for_sequence_classification import TFBertForSequenceClassification
    from tfbert.models.bert_for_token_classification import TFBertForTokenClassification
    from tfbert.models.bert_lm_head_model import TFBertLMHeadModel
    from tfbert.models.bert_model import TFBertModel
    from tfbert.tasks.pipelines.make_pipeline import pipeline
    from tfbert.tokenization.added_token import AddedToken
    from tfbert.tokenization.host.bert_tokenizer import BertTokenizer, BertTokenizerFast

require_tensorflow_backend()

__all__ = [
    "AddedToken",
    "BertConfig",
    "BertTokenizer",
    "BertTokenizerFast",
    "TFBertForMaskedLM",
    "TFBertForMultipleChoice",
    "TFBertForNextSentencePrediction",
    "TFBertForPreTraining",
    "TFBertForQuestionAnswering",
    "TFBertForSequenceClassification",
    "TFBertForTokenClassification",
    "TFBertLMHeadModel",
    "TFBertModel",
    "TFBertTokenizer",
    "__version__",
    "export",
    "layers",
    "pipeline",
    "tasks",
    "training",
]

# Names are imported when they are first used: TensorFlow takes seconds, which `tfbert --help` need not wait for.
_HOMES = {
    "AddedToken": "tfbert.tokenization.added_token",
    "BertConfig": "tfbert.config",
    "BertTokenizer": "tfbert.tokenization.host.bert_tokenizer",
    "BertTokenizerFast": "tfbert.tokenization.host.bert_tokenizer",
    "TFBertForSequenceClassification": "tfbert.models.bert_for_sequence_classification",
    "TFBertForMaskedLM": "tfbert.models.bert_for_masked_lm",
    "TFBertForMultipleChoice": "tfbert.models.bert_for_multiple_choice",
    "TFBertForNextSentencePrediction": "tfbert.models.bert_for_next_sentence_prediction",
    "TFBertForPreTraining": "tfbert.models.bert_for_pretraining",
    "TFBertForQuestionAnswering": "tfbert.models.bert_for_question_answering",
    "TFBertForTokenClassification": "tfbert.models.bert_for_token_classification",
    "TFBertLMHeadModel": "tfbert.models.bert_lm_head_model",
    "TFBertModel": "tfbert.models.bert_model",
    "pipeline": "tfbert.tasks.pipelines.make_pipeline",
}


def __getattr__(name: str) -> Any:
    if name == "TFBertTokenizer":
        return importlib.import_module("tfbert.layers").FastBertTokenizer
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in ("export", "layers", "tasks", "training"):
        return importlib.import_module(f"tfbert.{name}")
    raise AttributeError(f"module 'tfbert' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
