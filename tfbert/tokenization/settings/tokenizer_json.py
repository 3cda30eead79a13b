"""`tokenizer.json`, the file of Hugging Face's tokenizers library: read and built for BERT's tokenizer alone."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.vocabulary import SUBWORD_PREFIX

MAX_INPUT_CHARS_PER_WORD = 100
# [CLS] A [SEP] and [CLS] A [SEP] B [SEP] as (role, token type).
SINGLE = [("cls", 0), ("A", 0), ("sep", 0)]
PAIR = [*SINGLE, ("B", 1), ("sep", 1)]


@dataclasses.dataclass(kw_only=True)
class TokenizerJson:
    """What a `tokenizer.json` says.

    Args:
        vocabulary: dict of str to int. The WordPiece model's vocabulary.
        added: list of (int, `AddedToken`). Ids and added tokens.
        options: dict. Keyword arguments of `FastBertTokenizer`.
        sides: dict. `truncation_side` and `padding_side` of its truncation and padding sections, where it has them.
        packing: dict. Their other options.
    """

    vocabulary: dict[str, int]
    added: list[tuple[int, AddedToken]]
    options: dict[str, Any]
    sides: dict[str, str]
    packing: dict[str, Any]

    @classmethod
    def parse(cls, content: dict[str, Any]) -> TokenizerJson:
        """Read the content of the file.

        Args:
            content: dict. The parsed JSON.

        Returns:
            `TokenizerJson`.

        Raises:
            ValueError: If it describes another kind of tokenizer than BERT's.
        """
        model = content.get("model") or {}
        vocabulary = model.get("vocab")
        if model.get("type", "WordPiece") != "WordPiece" or not isinstance(vocabulary, dict):
            raise ValueError(
                f"The tokenizer's model must be WordPiece. Received: {model.get('type')!r}. tfbert tokenizes for BERT "
                "only."
            )
        normalizer = _only(content.get("normalizer"), "normalizer", "BertNormalizer", "normalizers")
        _only(content.get("pre_tokenizer"), "pre_tokenizer", "BertPreTokenizer", "pretokenizers")
        added = [(token["id"], AddedToken.of(token)) for token in content.get("added_tokens") or []]
        options = {
            "do_lower_case": normalizer.get("lowercase", True),
            "strip_accents": normalizer.get("strip_accents"),
            "tokenize_chinese_chars": normalizer.get("handle_chinese_chars", True),
            "clean_text": normalizer.get("clean_text", True),
            "unk_token": model.get("unk_token", "[UNK]"),
            "wordpieces_prefix": model.get("continuing_subword_prefix", SUBWORD_PREFIX),
            "max_input_chars_per_word": model.get("max_input_chars_per_word", MAX_INPUT_CHARS_PER_WORD),
        }
        ids = {**{token.content: index for index, token in added}, **vocabulary}
        for role, (token, index) in _ends(content.get("post_processor")).items():
            options[f"{role}_token"] = token
            if ids.get(token, index) != index:
                options[f"{role}_token_id"] = index
        return cls(vocabulary=dict(vocabulary), added=added, options=options, **_packing(content))


def build_tokenizer_json(
    vocab_list: list[str], added: list[tuple[int, AddedToken]], options: dict[str, Any]
) -> dict[str, Any]:
    """Return the content of a `tokenizer.json`.

    Args:
        vocab_list: list of str. Pieces by id.
        added: list of (int, `AddedToken`). Ids, ascending, and added tokens, the named special ones included.
        options: dict. Those of `TokenizerJson.options`, and `cls_token_id` and `sep_token_id`.

    Returns:
        A dict for `json.dumps`.
    """
    ends = {role: (options[f"{role}_token"], options[f"{role}_token_id"]) for role in ("cls", "sep")}

    def template(parts: list[tuple[str, int]]) -> list[dict[str, Any]]:
        return [
            {"SpecialToken": {"id": ends[part][0], "type_id": type_id}}
            if part in ends
            else {"Sequence": {"id": part, "type_id": type_id}}
            for part, type_id in parts
        ]

    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": index, **dataclasses.asdict(token)} for index, token in added],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": options["clean_text"],
            "handle_chinese_chars": options["tokenize_chinese_chars"],
            "strip_accents": options["strip_accents"],
            "lowercase": options["do_lower_case"],
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template(SINGLE),
            "pair": template(PAIR),
            "special_tokens": {
                token: {"id": token, "ids": [index], "tokens": [token]} for token, index in ends.values()
            },
        },
        "decoder": {"type": "WordPiece", "prefix": options["wordpieces_prefix"], "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": options["unk_token"],
            "continuing_subword_prefix": options["wordpieces_prefix"],
            "max_input_chars_per_word": options["max_input_chars_per_word"],
            "vocab": {piece: index for index, piece in enumerate(vocab_list)},
        },
    }


def _only(section: Any, name: str, kind: str, members: str) -> dict[str, Any]:
    """Return a section of this one kind, perhaps alone in a Sequence."""
    section = section or {}
    parts = section.get(members) or [] if section.get("type") == "Sequence" else [section]
    kinds = [part.get("type") for part in parts]
    if kinds != [kind]:
        received = repr(kinds[0]) if section.get("type") != "Sequence" else f"a Sequence of {kinds}"
        raise ValueError(
            f"The tokenizer's {name} must be {kind}. Received: {received}. tfbert tokenizes for BERT only."
        )
    return parts[0]


def _ends(post_processor: Any) -> dict[str, tuple[str, int]]:
    """Return the tokens that open and close a row, with their ids: {"cls": …, "sep": …}."""
    if post_processor is None:
        return {}
    kind = post_processor.get("type")
    if kind == "BertProcessing":
        return {role: (post_processor[role][0], post_processor[role][1]) for role in ("cls", "sep")}
    if kind == "TemplateProcessing":
        single, pair = (_parts(post_processor.get(name)) for name in ("single", "pair"))
        if len(single) == 3 and single[1] == ("A", 0):
            tokens = {"cls": single[0][0], "sep": single[2][0]}
            special = post_processor.get("special_tokens") or {}
            ids = {role: special.get(token, {}).get("ids", []) for role, token in tokens.items()}
            expected = ([(tokens.get(part, part), type_id) for part, type_id in parts] for parts in (SINGLE, PAIR))
            if [single, pair] == list(expected) and all(len(each) == 1 for each in ids.values()):
                return {role: (token, ids[role][0]) for role, token in tokens.items()}
    raise ValueError(
        "The tokenizer's post_processor must be BertProcessing, or TemplateProcessing of [CLS] A [SEP] and "
        f"[CLS] A [SEP] B [SEP]. Received: {kind!r} {post_processor.get('single', '')}."
    )


def _parts(template: Any) -> list[tuple[str, int]]:
    return [(part["id"], part["type_id"]) for entry in template or [] for part in entry.values()]


def _packing(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the truncation and padding sections say, as `sides` and `packing`."""
    truncation, padding = content.get("truncation") or {}, content.get("padding") or {}
    sides = {"truncation_side": truncation.get("direction"), "padding_side": padding.get("direction")}
    packing = {"max_length": truncation.get("max_length")}
    packing.update({name: padding.get(name) for name in ("pad_to_multiple_of", "pad_token")})
    return {
        "sides": {name: side.lower() for name, side in sides.items() if side is not None},
        "packing": {name: value for name, value in packing.items() if value is not None},
    }
