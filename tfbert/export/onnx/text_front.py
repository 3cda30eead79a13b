"""The tokenizer as an ONNX graph: strings in, model inputs out, on ONNX Runtime with onnxruntime-extensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tfbert.export.onnx.character_map import LITERAL, MARKS, TEXT_START, isolated, make_character_map
from tfbert.export.onnx.graph_builder import GraphBuilder
from tfbert.export.onnx.row_packing import check_packing, packed_rows
from tfbert.export.onnx.token_literals import check_literals, place_literals
from tfbert.export.onnx.utf8_characters import character_slots, flat_bytes, is_empty
from tfbert.export.onnx.word_pieces import word_pieces
from tfbert.tokenization.characters.character_tables import character_outputs, mark_ranks
from tfbert.tokenization.packing.packing import SpecialIds
from tfbert.tokenization.text_tokenizer import TextTokenizerOptions, text_tokenizer_options

if TYPE_CHECKING:
    from tfbert.layers import FastBertTokenizer


def text_front(tokenizer: FastBertTokenizer, names: Sequence[str], empty_pair_is_single: bool = False) -> Any:
    """Return the tokenizer as an ONNX model, to be put before one that takes ids.

    It gives what the tokenizer gives, special tokens in texts and empty batches included. It takes 200 to 650 bytes of
    memory for each byte of a batch. Bytes that are no UTF-8, which ONNX forbids in strings, are deleted. A NUL ends a
    text, as ONNX Runtime hands strings on: give U+0002 instead, which the tokenizer takes as it does NUL.

    Args:
        tokenizer: `FastBertTokenizer`.
        names: Sequence of str. The names of one or two inputs, strings [B]: ["text"], or ["text", "text_pair"].
        empty_pair_is_single: bool, default False. Pack a row whose second text is "" as a single text, as tasks do.

    Returns:
        `onnx.ModelProto`, with outputs int32 [B, S] that are named as the tokenizer's. To run it takes
        `SessionOptions.register_custom_ops_library(onnxruntime_extensions.get_library_path())`.

    Raises:
        ValueError: If an option has no exact ONNX form; the message names it.
        ImportError: If `onnx` is not installed.

    Example:
        >>> from tfbert.layers import FastBertTokenizer
        >>> tokenizer = FastBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "hello"])
        >>> [output.name for output in text_front(tokenizer, ["text"]).graph.output]
        ['input_ids', 'attention_mask', 'token_type_ids']

    Source: LabelEncoder of ONNX-ML; StringSplit, StringJoin and WordpieceTokenizer of onnxruntime-extensions.
    """
    if len(names) not in (1, 2):
        raise ValueError(f"`names` must be the names of one or two inputs, such as ['text']. Received: {names!r}.")
    if not tokenizer.use_fast_bert_tokenizer:
        raise ValueError("The ONNX form is that of the exact tokenizer. Write use_fast_bert_tokenizer=True.")
    packing = tokenizer.packing_options()
    packing.check_room(len(names))
    check_packing(packing)
    options = text_tokenizer_options(tokenizer.token_table, tokenizer.get_config())
    literals = _literals(options)
    _check_mark_order(options)

    graph = GraphBuilder("text_front/")
    columns = [graph.input(name, "STRING", ["batch"]) for name in names]
    rows = graph("Shape", columns[0], name="rows")
    flat = flat_bytes(graph, graph("Concat", *columns, axis=0, name="texts"))
    characters = make_character_map(character_outputs(options.normalizer), options.vocab_list)
    texts = [*characters.texts, f" {TEXT_START} "]
    slots = character_slots(graph, flat, characters, start_slot=len(texts) - 1)
    pieces = {piece: index for index, piece in enumerate(options.vocab_list) if not set(piece) & {" ", *MARKS}}
    if literals:
        words = [_word_of(index) for index in range(len(literals))]
        pieces |= dict(zip(words, literals.values()))
        slots = place_literals(graph, flat, slots, list(literals), first_slot=len(texts))
        texts += map(isolated, words)
    found = word_pieces(
        graph,
        slots,
        texts,
        pieces,
        prefix=options.wordpieces_prefix,
        unknown_id=options.vocab_list.index(options.unk_token),
        max_characters=options.max_input_chars_per_word,
    )
    special = SpecialIds(cls=tokenizer.cls_token_id, sep=tokenizer.sep_token_id, pad=tokenizer.pad_token_id)
    is_absent = is_empty(graph, flat) if empty_pair_is_single and len(names) == 2 else None
    packed = packed_rows(graph, found, rows, len(names), packing, special, is_absent)
    return graph.model({name: (value, "INT32", ["batch", "length"]) for name, value in packed.items()})


def _literals(options: TextTokenizerOptions) -> dict[str, int]:
    """The tokens that are found in a text, and their ids; an error for those that cannot be found as they ask for."""
    if options.never_split:
        raise _inexact("words that stay whole between white space", "never_split", options.never_split[0])
    found = {}
    for token, index in options.added_tokens:
        if token.normalized:
            raise _inexact("tokens in normalised text", "added_tokens", token.content)
        if token.single_word:
            raise _inexact("tokens that count as single words only", "added_tokens", token.content)
        if not (token.special and options.split_special_tokens):
            found[token.content] = index
    if found:  # white space that a token takes along would make no piece anyway
        check_literals([token.content for token, _ in options.added_tokens])
        least = len(_word_of(len(found) - 1))
        if options.max_input_chars_per_word < least:
            raise ValueError(
                f"`max_input_chars_per_word` must be at least {least} in the ONNX form, where tokens are found as "
                f"words. Received: {options.max_input_chars_per_word}. Raise it, or write split_special_tokens=True."
            )
    return found


def _inexact(what: str, name: str, value: str) -> ValueError:
    return ValueError(
        f"ONNX has no op that finds {what}, as `{name}` asks for. Received: {value!r}. Export as a SavedModel, or "
        "leave it out."
    )


def _word_of(literal: int) -> str:
    """The word that stands for a token in the normalised text."""
    return f"{LITERAL}{literal}"


def _check_mark_order(options: TextTokenizerOptions) -> None:
    characters = set().union(*options.vocab_list)
    ranks = {rank for mark, rank in mark_ranks().items() if chr(mark) in characters}
    if options.normalizer.strip_accents and len(ranks) > 1:
        raise ValueError(
            "ONNX has no op that sorts combining marks, as the pieces of this vocabulary and strip_accents=True ask "
            "for. Export as a SavedModel."
        )
