"""The tiny checkpoints of the pipelines' references, and what a case of them is; no PyTorch or TensorFlow here."""

import dataclasses
from typing import Any

import numpy as np

from tests.models.model_cases import weight_shapes, weights_for
from tests.tasks.pipelines.texts import vocabulary

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    "type_vocab_size": 2,
}
MAX_LENGTH = 64


@dataclasses.dataclass(frozen=True)
class Model:
    """A checkpoint folder's content.

    Args:
        architecture: str. PyTorch's class name.
        labels: tuple of str. Names of the labels, empty for a model without any.
        fields: dict. Config fields beyond `SIZES`.
        cased: bool, default False.
        scales: dict from a part of a weight's name to what its values are multiplied with.
        added: dict from label to what its bias gets besides, so that each label is the best of some texts.
        sentence: dict, the arguments of `sentence_files` for a folder of sentence-transformers.
    """

    architecture: str
    labels: tuple[str, ...] = ()
    fields: dict = dataclasses.field(default_factory=dict)
    cased: bool = False
    scales: dict = dataclasses.field(default_factory=dict)
    added: dict = dataclasses.field(default_factory=dict)
    sentence: dict = dataclasses.field(default_factory=dict)

    @property
    def vocabulary(self) -> list[str]:
        return vocabulary(self.cased)

    @property
    def config(self) -> dict[str, Any]:
        """What config.json says."""
        ids = {str(index): label for index, label in enumerate(self.labels)}
        labels = {"id2label": ids, "label2id": {label: int(index) for index, label in ids.items()}} if ids else {}
        head = {"model_type": "bert", "architectures": [self.architecture], "vocab_size": len(self.vocabulary)}
        return {**head, **SIZES, **labels, **self.fields}

    def weights(self) -> dict[str, np.ndarray]:
        """Every weight by PyTorch's name, drawn from the name."""
        shapes = weight_shapes(self.architecture, {**self.config, "num_labels": len(self.labels) or 2})
        arrays = {name: weights_for(name, shape) * self._scale(name) for name, shape in shapes.items()}
        for label, value in self.added.items():
            arrays["classifier.bias"][self.labels.index(label)] += np.float32(value)
        return arrays

    def _scale(self, name: str) -> np.float32:
        return np.float32(np.prod([scale for part, scale in self.scales.items() if part in name]))


@dataclasses.dataclass(frozen=True)
class Case:
    """Calls of one pipeline that differ in their input only.

    Args:
        name: str. Its name within the task.
        model: str. Key of `MODELS`.
        inputs: list. What each call takes; a dict of question and context is given as keywords.
        options: dict. Keywords of every call.
        made_with: dict. Keywords of `pipeline(task, model, ...)`.
    """

    name: str
    model: str
    inputs: list
    options: dict = dataclasses.field(default_factory=dict)
    made_with: dict = dataclasses.field(default_factory=dict)


BIO = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
SHARP = {"attention.self": 3.0, "word_embeddings": 2.0}  # so that texts tell apart at their first token too
LEANING = {"O": 3.5, "B-PER": 2.5, "B-ORG": 1.5, "I-ORG": 1.0, "I-LOC": 3.0}
CLEAR = {"classifier": 2.0}
MODELS = {
    "sentiment": Model("BertForSequenceClassification", ("negative", "neutral", "positive"), scales=SHARP),
    "topics": Model(
        "BertForSequenceClassification",
        ("news", "sport", "music", "travel"),
        {"problem_type": "multi_label_classification"},
        scales=SHARP,
    ),
    "one_label": Model("BertForSequenceClassification", ("relevance",), scales=SHARP),
    "regression": Model("BertForSequenceClassification", ("stars",), {"problem_type": "regression"}, scales=SHARP),
    "entities": Model("BertForTokenClassification", BIO, scales=CLEAR, added=LEANING),
    "entities_cased": Model("BertForTokenClassification", BIO, cased=True, scales=CLEAR, added=LEANING),
    "plain_labels": Model(
        "BertForTokenClassification", ("O", "NAME", "VERB"), scales=CLEAR, added={"O": 3.2, "NAME": 2.7}
    ),
    "words": Model("BertForMaskedLM", scales={"cls.predictions.transform.LayerNorm": 2.0}),
    "words_cased": Model("BertForMaskedLM", cased=True, scales={"cls.predictions.transform.LayerNorm": 2.0}),
    "answers": Model("BertForQuestionAnswering", scales={"qa_outputs": 3.0}),
    "inference": Model("BertForSequenceClassification", ("contradiction", "neutral", "entailment"), scales=SHARP),
    "inference_reversed": Model(
        "BertForSequenceClassification", ("entailment", "neutral", "contradiction"), scales=SHARP
    ),
    "story": Model(
        "BertLMHeadModel", fields={"is_decoder": True}, scales={"cls.predictions.transform.LayerNorm": 2.0, **SHARP}
    ),
    "features": Model("BertModel"),
    "next_sentence": Model("BertForNextSentencePrediction", scales=SHARP),
    "choices": Model("BertForMultipleChoice", scales=SHARP),
}
POOLINGS = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
PROMPTS = {"query": "the question is : ", "document": "text:"}
MODELS |= {f"embedder_{pooling}": Model("BertModel", sentence={"poolings": (pooling,)}) for pooling in POOLINGS}
MODELS |= {
    "embedder_max_and_mean": Model("BertModel", sentence={"poolings": ("max", "mean"), "normalize": True}),
    "embedder_normalized": Model("BertModel", sentence={"poolings": ("mean",), "normalize": True}),
    "embedder_dense": Model("BertModel", sentence={"poolings": ("mean",), "dense": 16, "normalize": True}),
    "embedder_all": Model("BertModel", sentence={"poolings": POOLINGS, "dense": 16}),
    "embedder_without_prompt": Model("BertModel", sentence={"poolings": ("mean",), "include_prompt": False}),
    "embedder_last_without_prompt": Model(
        "BertModel", sentence={"poolings": ("cls", "max", "lasttoken"), "include_prompt": False}
    ),
    "embedder_default_prompt": Model("BertModel", sentence={"poolings": ("mean",), "default_prompt": "query"}),
}
SENTENCE_LENGTH = 48  # shorter than the tokenizer's, and it wins


def dense_weights(inner: int, outer: int) -> dict[str, np.ndarray]:
    """Weights of sentence-transformers' Dense module."""
    shapes = {"linear.weight": (outer, inner), "linear.bias": (outer,)}
    return {name: weights_for(f"{name} {inner}", shape) for name, shape in shapes.items()}
