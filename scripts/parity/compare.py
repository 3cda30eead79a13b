"""One tokenizer against the Rust library: ids and byte offsets of every text."""

from __future__ import annotations

import codecs
import dataclasses
import itertools
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from scripts.parity.odd_texts import SPECIAL_TOKENS

BATCH = 4096


class Options(NamedTuple):
    """The four options of the normalizer, under the names of the layer."""

    do_lower_case: bool = True
    strip_accents: bool | None = None
    tokenize_chinese_chars: bool = True
    clean_text: bool = True

    @property
    def decomposes(self) -> bool:
        """Whether text is brought into NFD, which also puts marks in order."""
        return self.do_lower_case if self.strip_accents is None else self.strip_accents


ALL_OPTIONS = [
    Options(*values) for values in itertools.product((True, False), (None, True, False), (True, False), (True, False))
]


class Tokens(NamedTuple):
    """The tokens of a batch, one after the other.

    Args:
        counts: int [B]. Number of tokens of each text.
        ids: int [T].
        starts: int [T] or None. First byte of each token in its text.
        ends: int [T] or None. The byte after each token.
    """

    counts: np.ndarray
    ids: np.ndarray
    starts: np.ndarray | None = None
    ends: np.ndarray | None = None


class Ours(Protocol):
    """What is compared with the library; both methods take the texts of one batch."""

    def ids(self, texts: list[bytes]) -> Tokens: ...

    def offsets(self, texts: list[bytes]) -> Tokens: ...


class Layer:
    """`FastBertTokenizer` with the given vocabulary, its two methods traced once."""

    def __init__(self, vocabulary: list[str], options: Options, **others: bool):
        from tfbert.layers import FastBertTokenizer

        layer = FastBertTokenizer(vocabulary, **options._asdict(), **others)
        signature = [tf.TensorSpec([None], tf.string)]
        self._tokenize = tf.function(layer.tokenize, input_signature=signature)
        self._tokenize_with_offsets = tf.function(layer.tokenize_with_offsets, input_signature=signature)

    def ids(self, texts: list[bytes]) -> Tokens:
        """Return the ids."""
        ids = self._tokenize(tf.constant(texts, tf.string))
        return Tokens(ids.row_lengths().numpy(), ids.values.numpy())

    def offsets(self, texts: list[bytes]) -> Tokens:
        """Return the ids with their offsets."""
        ids, starts, ends = self._tokenize_with_offsets(tf.constant(texts, tf.string))
        return Tokens(ids.row_lengths().numpy(), ids.values.numpy(), starts.values.numpy(), ends.values.numpy())


class Reference:
    """The Rust library with BERT's parts and the given vocabulary."""

    def __init__(self, vocabulary: list[str], options: Options):
        model = WordPiece(
            {piece: index for index, piece in enumerate(vocabulary)},
            unk_token="[UNK]",
            max_input_chars_per_word=100,
            continuing_subword_prefix="##",
        )
        self._tokenizer = Tokenizer(model)
        self._tokenizer.normalizer = BertNormalizer(
            clean_text=options.clean_text,
            handle_chinese_chars=options.tokenize_chinese_chars,
            strip_accents=options.strip_accents,
            lowercase=options.do_lower_case,
        )
        self._tokenizer.pre_tokenizer = BertPreTokenizer()
        self._tokenizer.add_special_tokens(list(SPECIAL_TOKENS))

    def ids(self, texts: list[bytes]) -> Tokens:
        """Return the ids."""
        decoded = [text.decode("utf-8", "replace") for text in texts]
        encodings = self._tokenizer.encode_batch_fast(decoded, add_special_tokens=False)
        rows = [encoding.ids for encoding in encodings]
        return Tokens(_lengths(rows), _flat(rows))

    def offsets(self, texts: list[bytes]) -> Tokens:
        """Return the ids with their offsets, which the library counts in characters, as bytes."""
        decoded = [text.decode("utf-8", "replace") for text in texts]
        encodings = self._tokenizer.encode_batch(decoded, add_special_tokens=False)
        rows = [encoding.ids for encoding in encodings]
        counts = _lengths(rows)
        # One list of byte positions for the whole batch: position p of text i is at firsts[i] + p.
        positions = [byte_positions(raw, text) for raw, text in zip(texts, decoded)]
        firsts = np.cumsum([0, *map(len, positions)])[:-1]
        offsets = np.fromiter(
            itertools.chain.from_iterable(itertools.chain.from_iterable(e.offsets for e in encodings)), np.int64
        ).reshape(-1, 2)
        of_bytes = np.concatenate(positions)[offsets + np.repeat(firsts, counts)[:, None]]
        return Tokens(counts, _flat(rows), of_bytes[:, 0], of_bytes[:, 1])


def _lengths(rows: list[list[int]]) -> np.ndarray:
    return np.fromiter(map(len, rows), np.int64, len(rows))


def _flat(rows: list[list[int]]) -> np.ndarray:
    return np.fromiter(itertools.chain.from_iterable(rows), np.int64)


def byte_positions(raw: bytes, text: str) -> np.ndarray:
    """Return where each character of the decoded text begins in the bytes, and where the last one ends.

    A U+FFFD that decoding put in stands for all bytes of one ill-formed part.

    Args:
        raw: bytes.
        text: str. `raw.decode("utf-8", "replace")`.
    """
    if len(raw) == len(text):
        return np.arange(len(raw) + 1)
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    lengths = 1 + (codes >= 0x80) + (codes >= 0x800) + (codes >= 0x10000)
    if "\ufffd" in text:
        where, spans = ill_formed(raw)
        lengths[where] = spans
    return np.concatenate([[0], np.cumsum(lengths)])


def ill_formed(raw: bytes) -> tuple[list[int], list[int]]:
    """Return which characters of the decoded text stand for ill-formed parts, and of how many bytes each."""
    parts: list[tuple[int, int]] = []

    def note(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        parts.append((error.start, error.end))
        return "\ufffd", error.end

    codecs.register_error("note ill-formed parts", note)
    raw.decode("utf-8", "note ill-formed parts")
    where, position, characters = [], 0, 0
    for start, end in parts:
        characters += len(raw[position:start].decode())
        where.append(characters)
        position, characters = end, characters + 1
    return where, [end - start for start, end in parts]


@dataclasses.dataclass
class Result:
    """What came out for a list of texts."""

    texts: int = 0
    wrong_ids: list[bytes] = dataclasses.field(default_factory=list)
    wrong_offsets: list[bytes] = dataclasses.field(default_factory=list)
    reordered: list[bytes] = dataclasses.field(default_factory=list)
    with_offsets: bool = True

    def __iadd__(self, other: Result) -> Result:
        self.texts += other.texts
        self.wrong_ids += other.wrong_ids
        self.wrong_offsets += other.wrong_offsets
        self.reordered += other.reordered
        self.with_offsets &= other.with_offsets
        return self


def compare(ours: Ours, reference: Reference, texts: list, options: Options, with_offsets: bool = True) -> Result:
    """Return which texts the two take differently.

    Args:
        ours: Ours.
        reference: Reference.
        texts: list of str or bytes.
        options: Options. Those that both were made with.
        with_offsets: bool. Compare the offsets as well.
    """
    result = Result(len(texts), with_offsets=with_offsets)
    for batch in batches(texts):
        want = reference.offsets(batch) if with_offsets else reference.ids(batch)
        wrong = differing(ours.ids(batch), want, ("ids",))
        if with_offsets:
            got = ours.offsets(batch)
            wrong |= differing(got, want, ("ids",))
            for index in sorted(differing(got, want, ("ids", "starts", "ends")) - wrong):
                excused = is_reordered(batch[index].decode("utf-8", "replace"), options)
                (result.reordered if excused else result.wrong_offsets).append(batch[index])
        result.wrong_ids += [batch[index] for index in sorted(wrong)]
    return result


def batches(texts: list) -> Iterator[list[bytes]]:
    """Yield the texts as bytes, plain ones first: a single odd text makes a whole batch take another path."""
    raw = [text if isinstance(text, bytes) else text.encode() for text in texts]
    raw.sort(key=lambda text: (b"]" in text, len(text) > 100))
    for first in range(0, len(raw), BATCH):
        yield raw[first : first + BATCH]


def differing(got: Tokens, want: Tokens, fields: tuple[str, ...]) -> set[int]:
    """Return the indices of the texts whose tokens differ in one of the fields."""
    pairs = [(getattr(got, field), getattr(want, field)) for field in fields]
    if np.array_equal(got.counts, want.counts):
        unequal = np.any([mine != theirs for mine, theirs in pairs], axis=0)
        return set(np.repeat(np.arange(len(want.counts)), want.counts)[unequal].tolist())
    cuts = [np.cumsum(tokens.counts)[:-1] for tokens in (got, want)]
    rows = [zip(np.split(mine, cuts[0]), np.split(theirs, cuts[1])) for mine, theirs in pairs]
    return {i for field in rows for i, (mine, theirs) in enumerate(field) if not np.array_equal(mine, theirs)}


def is_reordered(text: str, options: Options) -> bool:
    """Whether decomposing puts combining marks of the text in another order, once cleaning has removed others."""
    if not options.decomposes:
        return False
    if options.clean_text:
        text = "".join(c for c in text if c not in "\0\ufffd" and unicodedata.category(c) not in ("Cc", "Cf", "Co"))
    return "".join(unicodedata.normalize("NFD", c) for c in text) != unicodedata.normalize("NFD", text)
