"""One row for each model: its class, its inputs, its labels and the shapes of its outputs."""

import numpy as np

import tfbert
from tfbert import BertConfig

CONFIG = BertConfig(
    vocab_size=30,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=24,
    max_position_embeddings=12,
    num_labels=3,
)
IDS = np.array([[2, 5, 6, 3], [2, 7, 3, 0]], np.int32)
MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0]], np.int32)
TYPES = np.array([[0, 0, 1, 1], [0, 0, 0, 0]], np.int32)
INPUTS = {"input_ids": IDS, "attention_mask": MASK, "token_type_ids": TYPES}
CHOICES = {name: np.stack([array, array[::-1], array[:, ::-1]], axis=1) for name, array in INPUTS.items()}  # [2, 3, 4]
PIECES = np.where(MASK > 0, IDS[:, ::-1], -100)  # [2, 4]
DECODER = CONFIG.replace(is_decoder=True)

# The name of each class, and its config, inputs, labels and shapes of outputs.
MODELS = {
    "TFBertModel": (CONFIG, INPUTS, {}, {"last_hidden_state": (2, 4, 16), "pooler_output": (2, 16)}),
    "TFBertForPreTraining": (
        CONFIG,
        INPUTS,
        {"labels": PIECES, "next_sentence_label": np.array([0, 1])},
        {"prediction_logits": (2, 4, 30), "seq_relationship_logits": (2, 2)},
    ),
    "TFBertLMHeadModel": (DECODER, INPUTS, {"labels": PIECES}, {"logits": (2, 4, 30)}),
    "TFBertForMaskedLM": (CONFIG, INPUTS, {"labels": PIECES}, {"logits": (2, 4, 30)}),
    "TFBertForNextSentencePrediction": (
        CONFIG,
        INPUTS,
        {"next_sentence_label": np.array([1, 0])},
        {"logits": (2, 2)},
    ),
    "TFBertForSequenceClassification": (CONFIG, INPUTS, {"labels": np.array([2, 0])}, {"logits": (2, 3)}),
    "TFBertForMultipleChoice": (CONFIG, CHOICES, {"labels": np.array([2, 0])}, {"logits": (2, 3)}),
    "TFBertForTokenClassification": (
        CONFIG,
        INPUTS,
        {"labels": np.where(MASK > 0, IDS % 3, -100)},
        {"logits": (2, 4, 3)},
    ),
    "TFBertForQuestionAnswering": (
        CONFIG,
        INPUTS,
        {"start_positions": np.array([1, 9]), "end_positions": np.array([2, 0])},
        {"start_logits": (2, 4), "end_logits": (2, 4)},
    ),
}


def class_of(name):
    return getattr(tfbert, name)
