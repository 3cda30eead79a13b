"""The stages of the tokenizer put together: added tokens of the raw text, of the normalised text, word pieces."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tfbert.option_checks import check_count, check_flag
from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.characters.character_tables import NormalizerOptions, character_outputs, mark_ranks
from tfbert.tokenization.characters.normalizer_model import plain_normalizer, spelled_normalizer
from tfbert.tokenization.characters.spelling import make_spelling
from tfbert.tokenization.stages.added_token_stage import AddedTokenStage
from tfbert.tokenization.stages.fast_path import FastPath
from tfbert.tokenization.stages.literals import Literal, not_white_space, word_character
from tfbert.tokenization.stages.mark_order import mark_order
from tfbert.tokenization.stages.normalized_stage import NormalizedStage
from tfbert.tokenization.stages.normalizer import Normalizer
from tfbert.tokenization.stages.pieces import Stage
from tfbert.tokenization.stages.wordpiece import WordpieceStage
from tfbert.tokenization.token_table import TokenTable


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextTokenizerOptions:
    """All that decides which ids a text gets, apart from packing.

    Args:
        vocab_list: Sequence of str. The word pieces; the position is the id.
        added_tokens: Sequence of (`AddedToken`, id). Found in the text before it is split.
        normalizer: `NormalizerOptions`.
        never_split: Sequence of str. Words that stay whole where white space stands around them.
        unk_token: str. Its id stands for what the vocabulary cannot spell.
        wordpieces_prefix: str. What continuations begin with.
        max_input_chars_per_word: int. A longer word is unknown.
        split_special_tokens: bool. Take special tokens in a text for plain text.

    Raises:
        TypeError, ValueError: If a value is none of these.
    """

    vocab_list: Sequence[str]
    added_tokens: Sequence[tuple[AddedToken, int]]
    normalizer: NormalizerOptions
    never_split: Sequence[str]
    unk_token: str
    wordpieces_prefix: str
    max_input_chars_per_word: int
    split_special_tokens: bool

    def __post_init__(self):
        if not isinstance(self.wordpieces_prefix, str):
            raise TypeError(f"`wordpieces_prefix` must be a str. Received: {self.wordpieces_prefix!r}.")
        check_count("max_input_chars_per_word", self.max_input_chars_per_word)
        check_flag("split_special_tokens", self.split_special_tokens)
        for text in (*self.never_split, *(token.content for token, _ in self.added_tokens)):
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise ValueError(f"`added_tokens` and `never_split` must be valid Unicode. Received: {text!r}.")


def text_tokenizer_options(table: TokenTable, options: Mapping[str, Any]) -> TextTokenizerOptions:
    """Return what the options of a BERT tokenizer ask for.

    Args:
        table: `TokenTable`.
        options: Mapping. Constructor arguments of `FastBertTokenizer`, those that decide ids.

    Returns:
        `TextTokenizerOptions`.

    Raises:
        TypeError, ValueError: If a value is out of range.
    """
    names = ("do_lower_case", "strip_accents", "tokenize_chinese_chars", "clean_text")
    return TextTokenizerOptions(
        vocab_list=table.vocab_list,
        added_tokens=table.found,
        normalizer=bert_normalizer(**{name: options[name] for name in names}),
        never_split=check_never_split(options["never_split"]),
        unk_token=options["unk_token"],
        wordpieces_prefix=options["wordpieces_prefix"],
        max_input_chars_per_word=options["max_input_chars_per_word"],
        split_special_tokens=options["split_special_tokens"],
    )


def bert_normalizer(
    do_lower_case: bool, strip_accents: bool | None, tokenize_chinese_chars: bool, clean_text: bool
) -> NormalizerOptions:
    """Return the normalizer that the options of a BERT tokenizer ask for.

    Args:
        do_lower_case, strip_accents, tokenize_chinese_chars, clean_text: As in `FastBertTokenizer`.

    Returns:
        `NormalizerOptions`.

    Raises:
        ValueError: If a value is no bool.
    """
    check_flag("do_lower_case", do_lower_case)
    check_flag("tokenize_chinese_chars", tokenize_chinese_chars)
    check_flag("clean_text", clean_text)
    if strip_accents is not None:
        check_flag("strip_accents", strip_accents, others="None, ")
    return NormalizerOptions(
        clean_text=clean_text,
        handle_chinese_chars=tokenize_chinese_chars,
        strip_accents=do_lower_case if strip_accents is None else strip_accents,
        lowercase=do_lower_case,
    )


def check_never_split(words: Any) -> list[str]:
    """Return the words of `never_split` as a list; refuse what holds white space, which no single word does."""
    if isinstance(words, str | bytes) or not isinstance(words or (), Iterable):
        raise TypeError(f"`never_split` must be a list of words. Received: {words!r}. Write [{words!r}].")
    words = list(words or ())
    for word in words:
        if not isinstance(word, str) or not word or word.split() != [word]:
            raise ValueError(f"`never_split` must hold words without white space. Received: {word!r}.")
    return words


def make_text_tokenizer(options: TextTokenizerOptions) -> Stage:
    """Return the stage that maps raw text to pieces.

    Args:
        options: `TextTokenizerOptions`.

    Returns:
        A stage.

    Raises:
        ValueError: If an added token or a piece cannot be found by the kernels; the message names it.
    """
    spelled = _spelled(options, options.normalizer)
    raw = raw_literals(options)
    normalized = [_literal(token, index, options) for token, index in options.added_tokens if token.normalized]
    careful: Stage = NormalizedStage(*spelled)
    if normalized:
        order = mark_order({chr(mark): rank for mark, rank in mark_ranks().items() if options.normalizer.strip_accents})
        normalizer = Normalizer(plain_normalizer(character_outputs(options.normalizer)), order)
        rest = NormalizedStage(*_spelled(options, NormalizerOptions()))
        careful = NormalizedStage(
            normalizer, AddedTokenStage(_normalized_literals(normalized, normalizer), rest, options.vocab_list)
        )
    if raw:
        careful = AddedTokenStage(raw, careful, options.vocab_list)
    if spelled[0].order is not None:
        return careful  # marks may be sorted across the edge of a token, where a look at the outcome misses it
    contents = [literal.content for literal in (*raw, *normalized) if not literal.plain]
    return FastPath(*spelled, contents, careful)


def make_litert_tokenizer(options: TextTokenizerOptions) -> Stage:
    """Return the stage built from nothing but ops that LiteRT runs; special tokens in a text are plain text to it.

    Args:
        options: `TextTokenizerOptions`.

    Returns:
        A stage.

    Raises:
        ValueError: If an option takes ops that LiteRT lacks.
    """
    found = [token.content for token, _ in options.added_tokens if not token.special] + list(options.never_split)
    if found:
        raise ValueError(
            "LiteRT has no op that finds tokens in a text, as `added_tokens` and `never_split` ask for. "
            f"Received: {found[:5]}. Export as a SavedModel, or leave them out."
        )
    stage = NormalizedStage(*_spelled(options, options.normalizer))
    if stage.normalizer.order is not None:
        raise ValueError(
            "LiteRT has no op that sorts combining marks, as the pieces of this vocabulary and strip_accents=True ask "
            "for. Export as a SavedModel."
        )
    return stage


def raw_literals(options: TextTokenizerOptions) -> list[Literal]:
    """Return what is found in the raw text, before it is normalised.

    Args:
        options: `TextTokenizerOptions`.

    Returns:
        A list of `Literal`.
    """
    literals = [_literal(token, index, options) for token, index in options.added_tokens if not token.normalized]
    taken = {token.content for token, _ in options.added_tokens}
    return literals + [_never_split(word, options) for word in options.never_split if word not in taken]


def _spelled(options: TextTokenizerOptions, normalizer: NormalizerOptions) -> tuple[Normalizer, WordpieceStage]:
    """A normalizer, and the word pieces of text as it spells it."""
    outputs = character_outputs(normalizer)
    spelling = make_spelling(outputs, options.vocab_list)
    marks = {mark: rank for mark, rank in mark_ranks().items() if normalizer.strip_accents and spelling.known[mark]}
    order = mark_order({chr(spelling.letters[mark]): rank for mark, rank in marks.items()})
    wordpiece = WordpieceStage(
        options.vocab_list,
        outputs,
        spelling,
        unk_token=options.unk_token,
        wordpieces_prefix=options.wordpieces_prefix,
        max_input_chars_per_word=options.max_input_chars_per_word,
    )
    return Normalizer(spelled_normalizer(outputs, spelling), order), wordpiece


def _literal(token: AddedToken, index: int, options: TextTokenizerOptions) -> Literal:
    return Literal(
        token.content,
        index,
        touching=word_character() if token.single_word else None,
        lstrip=token.lstrip,
        rstrip=token.rstrip,
        plain=token.special and options.split_special_tokens,
    )


def _never_split(word: str, options: TextTokenizerOptions) -> Literal:
    known = word if word in options.vocab_list else options.unk_token
    return Literal(word, options.vocab_list.index(known), touching=not_white_space())


def _normalized_literals(literals: list[Literal], normalizer: Normalizer) -> list[Literal]:
    """The literals as normalised text holds them; of those that become the same the first counts."""
    contents = normalizer(tf.constant([literal.content for literal in literals])).numpy()
    by_content: dict[str, Literal] = {}
    for literal, content in zip(literals, contents):
        if not content:
            raise ValueError(
                f"The added token {literal.content!r} is deleted by the normalizer, so that no text can hold it. "
                "Give it normalized=False."
            )
        by_content.setdefault(content.decode(), literal._replace(content=content.decode()))
    return list(by_content.values())
