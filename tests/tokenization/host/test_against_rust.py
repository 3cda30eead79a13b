"""Ids, masks, offsets, words and windows against the Rust library itself, on random texts."""

import random

import pytest

from tests.tokenization.host.rust import ADDED, PIECES, WORDS, columns, our_columns, rust_tokenizer, texts
from tfbert import BertTokenizer

EVERYTHING = {
    f"return_{name}": True for name in ("special_tokens_mask", "offsets_mapping", "length", "overflowing_tokens")
}
CLEANED = [(" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m")]
CLEANED += [(" 's", "'s"), (" 've", "'ve"), (" 're", "'re")]


@pytest.fixture(scope="module")
def ours():
    return BertTokenizer(PIECES, added_tokens=ADDED)


@pytest.fixture(scope="module")
def rust():
    return rust_tokenizer()


def compare(ours, rust, first, second=None, *, options, add_special_tokens=True):
    """Compare one call; texts that the Rust library would refuse to cut are left out."""
    limit, strategy = options.get("max_length"), options.get("truncation")
    rows = list(zip(first, second)) if second is not None else first
    rust.no_truncation()
    rust.no_padding()
    if strategy:
        special = (2 if second is None else 3) if add_special_tokens else 0
        room = limit - special
        encoded = [rust.encode_batch(column, add_special_tokens=False) for column in (first, second or first)]
        lengths = [map(len, column) for column in encoded]
        can = [_can_be_cut(*pair, room, strategy, options["stride"]) for pair in zip(*lengths)]
        rows = [row for row, possible in zip(rows, can) if second is None or possible]
        rust.enable_truncation(limit, stride=options["stride"], strategy=strategy, direction=ours.truncation_side)
    if options.get("padding"):
        rust.enable_padding(
            direction=ours.padding_side,
            length=limit if options["padding"] == "max_length" else None,
            pad_to_multiple_of=options.get("pad_to_multiple_of"),
        )
    batch = ours(rows, add_special_tokens=add_special_tokens, verbose=False, **options, **EVERYTHING)
    expected = columns(rust.encode_batch(rows, add_special_tokens=add_special_tokens))
    assert our_columns(batch) == expected
    return len(rows)


def _can_be_cut(first, second, room, strategy, stride):
    other = {"only_first": second, "only_second": first}.get(strategy)
    return first + second <= room or (room // 2 > stride if other is None else room - other > stride)


def test_six_thousand_random_pairs(ours, rust):
    chosen, compared = random.Random(0), 0
    for seed in range(62):
        options = {"truncation": chosen.choice(["longest_first", "only_first", "only_second"])}
        options.update(max_length=chosen.randrange(8, 24), stride=chosen.choice([0, 0, 1, 2]))
        options["padding"] = chosen.choice([False, True, "max_length"])
        if options["padding"] and chosen.random() < 0.5:
            options.update(max_length=chosen.choice([8, 12, 16, 20]), pad_to_multiple_of=4)
        ours.truncation_side, ours.padding_side = chosen.choice(["left", "right"]), chosen.choice(["left", "right"])
        first, second = texts(140, chosen.choice([4, 12]), 2 * seed), texts(140, chosen.choice([4, 12]), 2 * seed + 1)
        with_special = chosen.random() < 0.8
        compared += compare(ours, rust, first, second, options=options, add_special_tokens=with_special)
    ours.truncation_side = ours.padding_side = "right"
    assert compared >= 6000


@pytest.mark.parametrize("side", ["left", "right"])
def test_windows_over_single_texts(ours, rust, side):
    ours.truncation_side = ours.padding_side = side
    for max_length in (2, 3, 5, 9):
        for padding in (False, True, "max_length"):
            for stride in {0, max(0, max_length - 3)}:
                options = {"max_length": max_length, "stride": stride, "padding": padding}
                compare(ours, rust, texts(60, 9, max_length), options={**options, "truncation": "longest_first"})
    ours.truncation_side = ours.padding_side = "right"


@pytest.mark.parametrize("pair", [False, True])
@pytest.mark.parametrize("with_special", [False, True])
def test_without_truncation(ours, rust, pair, with_special):
    second = texts(200, 7, 1) if pair else None
    compare(ours, rust, texts(200, 7, 0), second, options={}, add_special_tokens=with_special)
    padded = {"padding": True, "pad_to_multiple_of": 8}
    compare(ours, rust, texts(200, 7, 2), second, options=padded, add_special_tokens=with_special)
    compare(ours, rust, texts(200, 7, 3), second, options={"padding": "max_length", "max_length": 10})


def test_texts_split_into_words(ours, rust):
    chosen = random.Random(5)
    rows = [[chosen.choice([*WORDS, "", "a b"]) for _ in range(chosen.randrange(5))] for _ in range(300)]
    rust.no_truncation()
    rust.no_padding()
    for batch, reference in (
        (ours(rows, is_split_into_words=True, **EVERYTHING), rust.encode_batch(rows, is_pretokenized=True)),
        (
            ours(rows, rows[::-1], is_split_into_words=True, **EVERYTHING),
            rust.encode_batch(list(zip(rows, rows[::-1])), is_pretokenized=True),
        ),
    ):
        assert our_columns(batch) == columns(reference)


@pytest.mark.parametrize("prefix", ["x", "", "#"])
def test_words_of_any_prefix(prefix):
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "xa", "x", "ab", "!", "#"]
    pieces = list(dict.fromkeys(pieces + [f"{prefix}{letter}" for letter in "abx"]))
    ours = BertTokenizer(pieces, wordpieces_prefix=prefix, max_input_chars_per_word=6)
    rust = rust_tokenizer(pieces, added=(), prefix=prefix, limit=6)
    chosen = random.Random(0)
    rows = ["".join(chosen.choice("aabbxx! #é") for _ in range(chosen.randrange(16))) for _ in range(300)]
    assert our_columns(ours(rows, **EVERYTHING)) == columns(rust.encode_batch(rows))


def test_split_special_tokens(ours, rust):
    rows = texts(100, 8, 9)
    rust.no_truncation()
    rust.no_padding()
    rust.encode_special_tokens = True
    expected = columns(rust.encode_batch(rows))
    rust.encode_special_tokens = False
    assert our_columns(ours(rows, split_special_tokens=True, **EVERYTHING)) == expected


@pytest.mark.parametrize("skip_special_tokens", [False, True])
@pytest.mark.parametrize("clean_up", [False, True])
def test_decoding_random_ids(ours, rust, skip_special_tokens, clean_up):
    chosen = random.Random(3)
    rows = [[chosen.randrange(len(ours) + 2) for _ in range(chosen.randrange(20))] for _ in range(1000)]
    expected = rust.decode_batch(rows, skip_special_tokens=skip_special_tokens)
    for old, new in CLEANED if clean_up else ():
        expected = [text.replace(old, new) for text in expected]
    assert ours.batch_decode(rows, skip_special_tokens, clean_up) == expected


def test_positions_of_a_row(ours, rust):
    rust.no_truncation()
    rust.no_padding()
    for first, second in zip(texts(15, 5, 11), texts(15, 5, 12)):
        row, reference = ours([first], [second]).encodings[0], rust.encode(first, second)
        assert (len(row), row.n_sequences, row.tokens) == (len(reference), 2, reference.tokens)
        for place in range(30):
            for name in ("token_to_sequence", "token_to_word"):
                assert getattr(row, name)(place) == getattr(reference, name)(place)
            if place < len(row):
                assert row.token_to_chars(place) == reference.token_to_chars(place)
            for text in (0, 1):
                for name in ("char_to_token", "char_to_word", "word_to_tokens", "word_to_chars"):
                    assert getattr(row, name)(place, text) == getattr(reference, name)(place, text), name
