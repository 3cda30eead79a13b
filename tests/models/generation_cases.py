"""Prompts and options of generated texts that PyTorch's references and our tests share."""

import dataclasses
import itertools
from typing import Any

import numpy as np

from tests.models.model_cases import SIZES, stream

ROWS, PROMPT, NEW_TOKENS = 4, 5, 8
PAD = 2  # not 0, which PyTorch's beam search takes for none and fills with the end token
# PyTorch 4.57 computes wrong distances with a cache, so that relative positions run there without one.
MODELS: dict[str, dict[str, Any]] = {
    "tied": {"is_decoder": True},
    "untied": {"is_decoder": True, "tie_word_embeddings": False},
    "relative_key": {"is_decoder": True, "tie_word_embeddings": False, "position_embedding_type": "relative_key"},
}
# Ids that the searches write in the middle of some rows, so that those end early.
ENDS = {"tied": (26, 36), "untied": (11, 10), "relative_key": (7, 24)}
# What options are called in the names of calls.
WORDS = {
    "num_beams": "beams",
    "length_penalty": "penalty",
    "early_stopping": "early",
    "num_return_sequences": "returned",
    "eos_token_id": "end",
}


@dataclasses.dataclass(frozen=True)
class Generation:
    """One call of `generate`.

    Args:
        model: str. A key of `MODELS`.
        inputs: dict. `input_ids` and perhaps `attention_mask`.
        options: dict. What else `generate` is told.
    """

    model: str
    inputs: dict[str, np.ndarray]
    options: dict[str, Any]


def _prompts() -> dict[str, dict[str, np.ndarray]]:
    ids = stream("prompts").randint(1, SIZES["vocab_size"], (ROWS, PROMPT))
    mask = (np.arange(PROMPT) >= PROMPT - np.array([[5], [3], [1], [4]])).astype(np.int64)
    return {
        "five": {"input_ids": ids},
        "one": {"input_ids": ids[:, :1]},
        "left_padded": {"input_ids": ids * mask, "attention_mask": mask},
        "unmasked": {"input_ids": np.where(mask, ids, PAD)},  # the pad token says what is padding
    }


def _beams() -> list[dict[str, Any]]:
    product = itertools.product((2, 4), (1.0, 0.6, 2.0), (False, True), (False, True))
    return [
        {
            "num_beams": beams,
            "length_penalty": penalty,
            "early_stopping": early,
            "num_return_sequences": beams if several else 1,
        }
        for beams, penalty, early, several in product
    ]


def _calls() -> dict[str, Generation]:
    calls = {}
    for (model, _), (prompt, inputs) in itertools.product(MODELS.items(), _prompts().items()):
        ends = [{}, *({"eos_token_id": end, "pad_token_id": PAD} for end in (*ENDS[model], list(ENDS[model])))]
        searches = [{"num_beams": 1}, *(_beams() if prompt in ("five", "left_padded") else _beams()[:6])]
        for end, search in itertools.product(ends, searches):
            options = {"max_new_tokens": NEW_TOKENS, **search, **end}
            words = " ".join(f"{WORDS[key]} {value}" for key, value in options.items() if key in WORDS)
            calls[f"{model}/{prompt}/{words}"] = Generation(model, inputs, options)
    return calls


CALLS = _calls()
