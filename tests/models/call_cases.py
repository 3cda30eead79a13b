"""Calls beyond the grid that PyTorch's references and our tests share: decoders, caches, head masks, own embeddings."""

import dataclasses
from typing import Any

import numpy as np

from tests.models.model_cases import (
    BATCH,
    CASES,
    ENCODER_LENGTH,
    LENGTH,
    POSITIONS,
    SIZES,
    Case,
    inputs_for,
    stream,
)

STATES = {"output_hidden_states": True, "output_attentions": True}
HEAD_MASKS = {"head_mask_1d": np.float32([0.25, 1.0]), "head_mask_2d": np.float32([[1.0, 0.0], [0.5, 1.0]])}
PREFIX = 4
DECODERS = ("BertModel", "BertLMHeadModel")


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of one model, and the outputs that are compared.

    Args:
        architecture: str. PyTorch's class name.
        fields: dict. Config fields beyond `SIZES`.
        inputs: dict of arrays and flags.
        outputs: tuple of str.
        pruned: dict from layer to heads that are pruned before the call.
        prefix: int, default 0. Columns that a first call turns into the cache which this call continues.
    """

    architecture: str
    fields: dict[str, Any]
    inputs: dict[str, Any]
    outputs: tuple[str, ...]
    pruned: dict[int, list[int]] = dataclasses.field(default_factory=dict)
    prefix: int = 0

    def parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs of the call that fills the cache and of the one that continues; the mask always covers all keys."""
        per_token = ("input_ids", "token_type_ids")
        first = {name: self.inputs[name][:, : self.prefix] for name in per_token}
        rest = {name: self.inputs[name][:, self.prefix :] for name in per_token}
        shared = {name: value for name, value in self.inputs.items() if name not in (*per_token, "attention_mask")}
        if "attention_mask" in self.inputs:
            first["attention_mask"] = self.inputs["attention_mask"][:, : self.prefix]
            rest["attention_mask"] = self.inputs["attention_mask"]
        return {**first, **shared}, {**rest, **shared}


def left_padded() -> dict[str, np.ndarray]:
    """Inputs whose padding stands in front."""
    inputs = inputs_for(CASES["BertModel"], "padding")
    return {**inputs, "attention_mask": inputs["attention_mask"][:, ::-1].copy()}


def encoder_states() -> np.ndarray:
    """What a decoder's cross-attention looks at, [B, E, D]."""
    return np.float32(stream("encoder_hidden_states").standard_normal((BATCH, ENCODER_LENGTH, SIZES["hidden_size"])))


ENCODER_MASKS = {
    "none": {},
    "2d": {"encoder_attention_mask": (np.arange(ENCODER_LENGTH) < np.array([[5], [2], [3]])).astype(np.int64)},
    "3d": {"encoder_attention_mask": stream("encoder_3d").randint(0, 2, (BATCH, LENGTH, ENCODER_LENGTH))},
}


def _every_model() -> dict[str, Call]:
    calls = {}
    for name, case in CASES.items():
        decoder = {"use_cache": False} if case.fields.get("is_decoder") else {}
        for position in POSITIONS:
            fields = {**case.fields, "position_embedding_type": position}
            inputs = {**inputs_for(case, "padding"), **decoder}
            states = Call(case.architecture, fields, {**inputs, **STATES}, ("hidden_states", "attentions"))
            calls[f"{name}/{position}/states"] = states
            for kind, head_mask in HEAD_MASKS.items():
                masked = {**inputs, "head_mask": head_mask}
                calls[f"{name}/{position}/{kind}"] = Call(case.architecture, fields, masked, case.outputs)
    return calls


def _decoders() -> dict[str, Call]:
    calls = {}
    for architecture in DECODERS:
        outputs = (*CASES[architecture].outputs, "hidden_states", "attentions")
        for position in POSITIONS:
            fields = {"is_decoder": True, "position_embedding_type": position}
            cross = {**fields, "add_cross_attention": True}
            name = f"decoder {architecture}/{position}"
            inputs = {**inputs_for(CASES[architecture], "padding"), **STATES, "use_cache": False}
            calls[f"{name}/causal"] = Call(architecture, fields, inputs, outputs)
            calls[f"{name}/left_padded"] = Call(architecture, fields, {**inputs, **left_padded()}, outputs)
            for kind, mask in ENCODER_MASKS.items():
                seen = {**inputs, **mask, "encoder_hidden_states": encoder_states()}
                calls[f"{name}/cross_{kind}"] = Call(architecture, cross, seen, (*outputs, "cross_attentions"))
                head_masked = {**seen, "head_mask": HEAD_MASKS["head_mask_2d"]}
                calls[f"{name}/cross_{kind}_head_mask"] = Call(architecture, cross, head_masked, outputs[:1])
    return calls


def _caches() -> dict[str, Call]:
    """Absolute positions only: with relative ones PyTorch 4.57 computes wrong distances as soon as there is a cache."""
    calls = {}
    masks = {"none": inputs_for(CASES["BertModel"], "none"), "left_padded": left_padded()}
    for architecture in DECODERS:
        for kind, inputs in masks.items():
            inputs = {**inputs, **STATES, "use_cache": True}
            outputs = (*CASES[architecture].outputs, "hidden_states", "attentions")
            fields = {"is_decoder": True}
            calls[f"cache {architecture}/{kind}/own"] = Call(architecture, fields, inputs, outputs, prefix=PREFIX)
            cross = {**fields, "add_cross_attention": True}
            inputs = {**inputs, **ENCODER_MASKS["2d"], "encoder_hidden_states": encoder_states()}
            outputs = (*outputs, "cross_attentions")
            calls[f"cache {architecture}/{kind}/cross"] = Call(architecture, cross, inputs, outputs, prefix=PREFIX)
    return calls


def _forms_of_input() -> dict[str, Call]:
    calls = {}
    inputs = inputs_for(CASES["BertModel"], "padding")
    embeds = np.float32(stream("inputs_embeds").standard_normal((BATCH, LENGTH, SIZES["hidden_size"])))
    shuffled = stream("position_ids").permutation(SIZES["max_position_embeddings"])
    forms = {
        "left_padded": left_padded(),
        "inputs_embeds": {name: value for name, value in inputs.items() if name != "input_ids"}
        | {"inputs_embeds": embeds},
        "position_ids": {**inputs, "position_ids": stream("rows").randint(0, 20, (BATCH, LENGTH))},
        "one_row_of_position_ids": {**inputs, "position_ids": shuffled[None, :LENGTH]},
    }
    for name in ("BertModel", "BertLMHeadModel", "BertForTokenClassification", "BertForQuestionAnswering"):
        case = CASES[name]
        decoder = {"use_cache": False} if case.fields.get("is_decoder") else {}
        for kind, form in forms.items():
            calls[f"{kind} {name}"] = Call(name, case.fields, {**form, **decoder}, case.outputs)
    return calls


def _untied_and_pruned() -> dict[str, Call]:
    calls = {}
    for name in ("BertForMaskedLM", "BertLMHeadModel", "BertForPreTraining"):
        case = CASES[name]
        inputs = {**inputs_for(case, "padding"), **case.labels}
        fields = {**case.fields, "tie_word_embeddings": False}
        calls[f"untied {name}"] = Call(name, fields, inputs, ("loss", *case.outputs))
    for name in ("BertModel", "BertForMaskedLM"):
        for position in POSITIONS:
            case: Case = CASES[name]
            fields = {"position_embedding_type": position}
            calls[f"pruned {name}/{position}"] = Call(
                name, fields, inputs_for(case, "padding"), case.outputs, pruned={0: [1]}
            )
    return calls


CALLS = {**_every_model(), **_decoders(), **_caches(), **_forms_of_input(), **_untied_and_pruned()}
