"""Cases, weights and inputs that PyTorch's references and our tests share; NumPy only, as PyTorch runs elsewhere."""

import dataclasses
import json
import zlib
from pathlib import Path

import numpy as np

REFERENCES = Path(__file__).parents[1] / "fixtures" / "model_references"
SIZES = {
    "vocab_size": 37,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 20,
    "type_vocab_size": 2,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}
BATCH, LENGTH, CHOICES, ENCODER_LENGTH = 3, 7, 3, 5
POSITIONS = ("absolute", "relative_key", "relative_key_query")
ACTIVATIONS = (
    "gelu",
    "gelu_python",
    "gelu_10",
    "gelu_fast",
    "gelu_new",
    "gelu_pytorch_tanh",
    "laplace",
    "leaky_relu",
    "linear",
    "mish",
    "quick_gelu",
    "relu",
    "relu2",
    "relu6",
    "sigmoid",
    "silu",
    "swish",
    "tanh",
)
MASKS = ("none", "padding", "masked_row", "per_query")
LENGTHS = {"padding": (7, 4, 2), "masked_row": (7, 4, 0)}
TOKEN_LABELS = [[-100, 3, 0, 4, 1, -100, 2], [-100, 4, 2, 0, -100, -100, -100], [1, 3, -100, -100, -100, -100, -100]]
WORD_LABELS = [[-100, 9, 36, -100, 5, 17, 1], [-100, 30, 2, 8, -100, -100, -100], [11, 3, -100, -100, -100, -100, -100]]

# The first output that each architecture computes its loss from, and what else it returns.
MAIN_OUTPUTS = {
    "BertModel": ("last_hidden_state", "pooler_output"),
    "BertForPreTraining": ("prediction_logits", "seq_relationship_logits"),
    "BertForQuestionAnswering": ("start_logits", "end_logits"),
}
STACKED_OUTPUTS = ("hidden_states", "attentions", "cross_attentions")


@dataclasses.dataclass(frozen=True)
class Case:
    """One architecture with the config fields and labels that it is compared with.

    Args:
        architecture: str. PyTorch's class name.
        fields: dict. Config fields beyond `SIZES`.
        labels: dict from argument name to array.
    """

    architecture: str
    fields: dict
    labels: dict

    @property
    def outputs(self) -> tuple[str, ...]:
        return MAIN_OUTPUTS.get(self.architecture, ("logits",))

    @property
    def masks(self) -> tuple[str, ...]:
        """PyTorch flattens a mask of choices to rows, so one per query cannot be told to it."""
        return MASKS[:3] if self.architecture == "BertForMultipleChoice" else MASKS


def _classifier(problem_type: str, num_labels: int, labels) -> Case:
    fields = {"problem_type": problem_type, "num_labels": num_labels}
    return Case("BertForSequenceClassification", fields, {"labels": np.array(labels)})


CASES = {
    "BertModel": Case("BertModel", {}, {}),
    "BertForPreTraining": Case(
        "BertForPreTraining", {}, {"labels": np.array(WORD_LABELS), "next_sentence_label": np.array([1, -100, 0])}
    ),
    "BertLMHeadModel": Case("BertLMHeadModel", {"is_decoder": True}, {"labels": np.array(WORD_LABELS)}),
    "BertForMaskedLM": Case("BertForMaskedLM", {}, {"labels": np.array(WORD_LABELS)}),
    "BertForNextSentencePrediction": Case(
        "BertForNextSentencePrediction", {}, {"next_sentence_label": np.array([1, -100, 0])}
    ),
    "regression": _classifier("regression", 1, np.float32([0.5, -1.25, 2.0])),
    "single_label": _classifier("single_label_classification", 3, [2, -100, 0]),
    "multi_label": _classifier("multi_label_classification", 4, np.float32([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 0, 1]])),
    "BertForMultipleChoice": Case("BertForMultipleChoice", {}, {"labels": np.array([2, -100, 0])}),
    "BertForTokenClassification": Case(
        "BertForTokenClassification", {"num_labels": 5}, {"labels": np.array(TOKEN_LABELS)}
    ),
    # 9 is beyond the seven positions, which ignores it, and so is 7; PyTorch lifts -3 to 0.
    "BertForQuestionAnswering": Case(
        "BertForQuestionAnswering",
        {},
        {"start_positions": np.array([2, 9, -3]), "end_positions": np.array([6, 1, 7])},
    ),
}


def stream(name: str) -> np.random.RandomState:
    """Random numbers that belong to a name; NumPy froze what this class draws."""
    return np.random.RandomState(zlib.crc32(name.encode()))


def weights_for(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Values of the weight of that PyTorch name, large enough that no output is degenerate."""
    values = stream(name).standard_normal(shape)
    if name.endswith("intermediate.dense.weight"):
        values[:3] *= 5.0  # so that activations which clip at 6 or 10 show it
    if len(shape) > 1:
        return np.float32(0.2 * values)
    if name.endswith("transform.dense.bias"):
        return np.float32(values)  # else the variance that the following norm divides by may be all rounding
    return np.float32(0.1 * values + (1.0 if name.endswith("LayerNorm.weight") else 0.0))


def weight_shapes(architecture: str, fields: dict) -> dict[str, tuple[int, ...]]:
    """Names and shapes of PyTorch's weights, tied ones once; the generator checks them against PyTorch."""
    sizes = {"position_embedding_type": "absolute", "num_labels": 2, "tie_word_embeddings": True, **SIZES, **fields}
    width, inner, words = sizes["hidden_size"], sizes["intermediate_size"], sizes["vocab_size"]
    positions = sizes["max_position_embeddings"]
    shapes: dict[str, tuple[int, ...]] = {
        "bert.embeddings.word_embeddings.weight": (words, width),
        "bert.embeddings.position_embeddings.weight": (positions, width),
        "bert.embeddings.token_type_embeddings.weight": (sizes["type_vocab_size"], width),
    }

    def dense(name: str, rows: int, columns: int) -> None:
        shapes.update({f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)})

    def norm(name: str) -> None:
        shapes.update({f"{name}.LayerNorm.weight": (width,), f"{name}.LayerNorm.bias": (width,)})

    norm("bert.embeddings")
    for layer in (f"bert.encoder.layer.{index}" for index in range(sizes["num_hidden_layers"])):
        for attention in ["attention"] + ["crossattention"] * bool(sizes.get("add_cross_attention")):
            for part in ("self.query", "self.key", "self.value", "output.dense"):
                dense(f"{layer}.{attention}.{part}", width, width)
            norm(f"{layer}.{attention}.output")
        if sizes["position_embedding_type"] != "absolute":
            shape = (2 * positions - 1, width // sizes["num_attention_heads"])
            shapes[f"{layer}.attention.self.distance_embedding.weight"] = shape
        dense(f"{layer}.intermediate.dense", inner, width)
        dense(f"{layer}.output.dense", width, inner)
        norm(f"{layer}.output")
    if architecture in ("BertForPreTraining", "BertLMHeadModel", "BertForMaskedLM"):
        dense("cls.predictions.transform.dense", width, width)
        norm("cls.predictions.transform")
        shapes["cls.predictions.bias"] = (words,)
        if not sizes["tie_word_embeddings"]:
            shapes["cls.predictions.decoder.weight"] = (words, width)
    if architecture not in ("BertLMHeadModel", "BertForMaskedLM", *UNPOOLED):
        dense("bert.pooler.dense", width, width)
    if architecture in HEADS:
        name, rows = HEADS[architecture]
        dense(name, rows or sizes["num_labels"], width)
    return shapes


UNPOOLED = ("BertForTokenClassification", "BertForQuestionAnswering")
# The last dense layer and its width; 0 for the number of labels.
HEADS = {
    "BertForPreTraining": ("cls.seq_relationship", 2),
    "BertForNextSentencePrediction": ("cls.seq_relationship", 2),
    "BertForSequenceClassification": ("classifier", 0),
    "BertForMultipleChoice": ("classifier", 1),
    "BertForTokenClassification": ("classifier", 0),
    "BertForQuestionAnswering": ("qa_outputs", 2),
}


def inputs_for(case: Case, mask: str) -> dict[str, np.ndarray]:
    """Ids, types and the mask of that kind; position 0 of the vocabulary is left to padding."""
    shape = (BATCH, CHOICES, LENGTH) if case.architecture == "BertForMultipleChoice" else (BATCH, LENGTH)
    inputs = {
        "input_ids": stream("input_ids").randint(1, SIZES["vocab_size"], shape),
        "token_type_ids": stream("token_type_ids").randint(0, SIZES["type_vocab_size"], shape),
    }
    if mask == "per_query":
        allowed = stream("per_query").randint(0, 2, (BATCH, LENGTH, LENGTH))
        allowed[0, 2] = 0  # a query that may look nowhere looks everywhere
        inputs["attention_mask"] = allowed
    elif mask != "none":
        rows = (np.arange(LENGTH) < np.array(LENGTHS[mask])[:, None]).astype(np.int64)
        inputs["attention_mask"] = np.repeat(rows[:, None], CHOICES, axis=1) if len(shape) == 3 else rows
    return inputs


def projections() -> dict[str, np.ndarray]:
    """Weights of the mean that stands for a loss of BertModel; zero at padding, where layouts may differ."""
    real = inputs_for(CASES["BertModel"], "padding")["attention_mask"][..., None]
    width = SIZES["hidden_size"]
    return {
        "last_hidden_state": np.float32(stream("hidden").standard_normal((BATCH, LENGTH, width)) * real / real.sum()),
        "pooler_output": np.float32(stream("pooled").standard_normal((BATCH, width)) / BATCH),
    }


def arrays_of(output, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The outputs of those names; tuples of tensors as one array, the cache as own and cross keys and values."""
    arrays = {}
    for name in names:
        value = getattr(output, name)
        arrays[name] = np.stack([np.asarray(part) for part in value]) if name in STACKED_OUTPUTS else np.asarray(value)
    return arrays


def cache_arrays(layers) -> dict[str, np.ndarray]:
    """Keys and values [L, 2, B, H, S, K] from a tuple per layer of (key, value) and perhaps cross (key, value)."""
    arrays = {"past_self": np.stack([np.stack([np.asarray(part) for part in layer[:2]]) for layer in layers])}
    if len(layers[0]) > 2:
        arrays["past_cross"] = np.stack([np.stack([np.asarray(part) for part in layer[2:]]) for layer in layers])
    return arrays


class References:
    """PyTorch's arrays by key; equal ones are stored once and `same.json` says where.

    Args:
        name: str. "grid", "calls" or "gradients".
    """

    def __init__(self, name: str):
        with np.load(REFERENCES / f"{name}.npz") as file:
            self._arrays = dict(file)
        self._same = json.loads((REFERENCES / "same.json").read_text())[name]

    def __getitem__(self, key: str) -> np.ndarray:
        return self._arrays[self._same.get(key, key)]

    def below(self, name: str) -> dict[str, np.ndarray]:
        """Every array whose key is `name/` and a last part, by that part."""
        keys = [key for key in (*self._arrays, *self._same) if key.rpartition("/")[0] == name]
        return {key.rpartition("/")[2]: self[key] for key in keys}
