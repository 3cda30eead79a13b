"""Packing against the Rust `tokenizers` library: lengths, strategies, sides, paddings, windows."""

import itertools
import random

import numpy as np
import pytest
import tensorflow as tf
import tokenizers
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing

from tfbert.tokenization.packing.packing import SpecialIds, pack
from tfbert.tokenization.packing.packing_options import PackingOptions
from tfbert.tokenization.stages.pieces import Pieces

CLS, SEP, PAD, FIRST_WORD = 1, 2, 0, 10
SPECIAL = SpecialIds(cls=CLS, sep=SEP, pad=PAD)
STRATEGIES = ("longest_first", "only_first", "only_second")
NAMES = {
    "input_ids": "ids",
    "attention_mask": "attention_mask",
    "token_type_ids": "type_ids",
    "special_tokens_mask": "special_tokens_mask",
    "offset_mapping": "offsets",
}


@pytest.fixture
def rust():
    words = {"[PAD]": PAD, "[CLS]": CLS, "[SEP]": SEP, "[UNK]": 3, **{f"w{i}": FIRST_WORD + i for i in range(100)}}
    tokenizer = tokenizers.Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)]
    )
    return tokenizer


def texts_of(lengths, start=0):
    return [" ".join(f"w{start + i}" for i in range(length)) for length in lengths]


def pieces_of(*segments):
    """The pieces of texts made by `texts_of`, with the offsets that the words have there."""
    rows = [text.split() for texts in segments for text in texts]
    ids = [FIRST_WORD + int(word[1:]) for row in rows for word in row]
    starts = [sum(len(word) + 1 for word in row[:i]) for row in rows for i in range(len(row))]
    ends = [start + len(word) for start, word in zip(starts, itertools.chain(*rows))]
    splits = np.cumsum([0, *map(len, rows)])
    as_tensor = lambda values, dtype: tf.constant(values, dtype, shape=[len(values)])  # noqa: E731
    return Pieces(
        as_tensor(ids, tf.int32), tf.constant(splits, tf.int64), as_tensor(starts, tf.int64), as_tensor(ends, tf.int64)
    )


def packed_by_us(segments, **options):
    flags = {"return_special_tokens_mask": True, "return_offsets": True}
    return pack(pieces_of(*segments), len(segments), PackingOptions(**{**flags, **options}), SPECIAL)


def packed_by_rust(rust, segments, windows=False, add_special_tokens=True):
    """Rows of the library's encodings, those of the overflowing windows behind each text's own."""
    encodings = rust.encode_batch(
        list(zip(*segments)) if len(segments) == 2 else segments[0], add_special_tokens=add_special_tokens
    )
    rows = [
        (text, row)
        for text, encoding in enumerate(encodings)
        for row in (encoding, *(encoding.overflowing if windows else ()))
    ]
    packed = {name: np.array([getattr(row, attribute) for _, row in rows]) for name, attribute in NAMES.items()}
    return {**packed, **({"overflow_to_sample_mapping": np.array([text for text, _ in rows])} if windows else {})}


def assert_equal(ours, theirs):
    assert set(ours) == set(theirs)
    for name, expected in theirs.items():
        np.testing.assert_array_equal(ours[name].numpy(), expected, err_msg=name)
        assert ours[name].dtype == tf.int32


@pytest.mark.parametrize("max_length", range(3, 24))
def test_pairs_equal_rust_for_every_pair_of_lengths(rust, max_length):
    lengths = list(itertools.product(range(0, 25), repeat=2))
    segments = texts_of([a for a, _ in lengths]), texts_of([b for _, b in lengths], 40)
    rust.enable_truncation(max_length, strategy="longest_first")
    rust.enable_padding(pad_id=PAD)
    assert_equal(packed_by_us(segments, max_length=max_length), packed_by_rust(rust, segments))


@pytest.mark.parametrize("max_length", [2, 3, 8, 30])
@pytest.mark.parametrize("padding", ["longest", "max_length"])
@pytest.mark.parametrize("multiple", [None, 1, 4, 7])
@pytest.mark.parametrize("side", ["left", "right"])
def test_single_texts_equal_rust(rust, max_length, padding, multiple, side):
    segments = [texts_of((0, 1, 5, 6, 7, 29))]
    rust.enable_truncation(max_length, direction=side)
    fixed = None if padding == "longest" else -(-max_length // (multiple or 1)) * (multiple or 1)
    rust.enable_padding(pad_id=PAD, length=fixed, pad_to_multiple_of=multiple, direction=side)
    ours = packed_by_us(
        segments,
        max_length=max_length,
        padding=padding,
        pad_to_multiple_of=multiple,
        truncation_side=side,
        padding_side=side,
    )
    assert_equal(ours, packed_by_rust(rust, segments))


def fits_strategy(lengths, strategy, budget):
    """Whether the library can cut the pair at all: the other segment must leave room for a piece."""
    if strategy == "longest_first" or sum(lengths) <= budget:
        return True
    return budget - lengths[1 if strategy == "only_first" else 0] > 0


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("truncation_side", ["left", "right"])
@pytest.mark.parametrize("padding_side", ["left", "right"])
@pytest.mark.parametrize("padding", ["longest", "max_length"])
@pytest.mark.parametrize("add_special_tokens", [True, False])
def test_thousands_of_pairs_equal_rust(rust, strategy, truncation_side, padding_side, padding, add_special_tokens):
    draw = random.Random(7)
    for max_length in (4, 9, 20, 33):
        budget = max_length - (3 if add_special_tokens else 0)
        lengths = [(draw.randint(0, 30), draw.randint(0, 30)) for _ in range(200)]
        lengths = [pair for pair in lengths if fits_strategy(pair, strategy, budget)] or [(1, 0)]
        segments = texts_of([a for a, _ in lengths]), texts_of([b for _, b in lengths], 40)
        rust.enable_truncation(max_length, strategy=strategy, direction=truncation_side)
        rust.enable_padding(pad_id=PAD, length=max_length if padding == "max_length" else None, direction=padding_side)
        ours = packed_by_us(
            segments,
            max_length=max_length,
            truncation=strategy,
            truncation_side=truncation_side,
            padding=padding,
            padding_side=padding_side,
            add_special_tokens=add_special_tokens,
        )
        assert_equal(ours, packed_by_rust(rust, segments, add_special_tokens=add_special_tokens))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    ("max_length", "stride"),
    [(12, 1), (24, 7), *(pytest.param(*pair, marks=pytest.mark.exhaustive) for pair in [(6, 0), (12, 0), (15, 3)])],
)
def test_windows_on_pairs_equal_rust(rust, strategy, side, max_length, stride):
    draw = random.Random(max_length)
    budget = max_length - 3
    lengths = [(draw.randint(0, 40), draw.randint(0, 40)) for _ in range(600)]
    windows = {  # the pieces of a window must outnumber the stride, or the library ends the process
        "longest_first": lambda a, b: budget // 2 > stride and (a + b <= budget or min(a, b) > stride),
        "only_first": lambda a, b: a + b <= budget or budget - b > stride,
        "only_second": lambda a, b: a + b <= budget or budget - a > stride,
    }[strategy]
    lengths = [pair for pair in lengths if windows(*pair)]
    assert len(lengths) > 30
    segments = texts_of([a for a, _ in lengths]), texts_of([b for _, b in lengths], 45)
    rust.enable_truncation(max_length, strategy=strategy, direction=side, stride=stride)
    rust.enable_padding(pad_id=PAD)
    ours = packed_by_us(
        segments,
        max_length=max_length,
        truncation=strategy,
        truncation_side=side,
        stride=stride,
        return_overflowing_tokens=True,
    )
    assert_equal(ours, packed_by_rust(rust, segments, windows=True))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("max_length", "stride"), [(3, 0), (6, 0), (6, 3), (10, 7), (50, 5)])
def test_windows_on_single_texts_equal_rust(rust, side, max_length, stride):
    segments = [texts_of(range(0, 45))]
    rust.enable_truncation(max_length, direction=side, stride=stride)
    rust.enable_padding(pad_id=PAD)
    ours = packed_by_us(
        segments, max_length=max_length, truncation_side=side, stride=stride, return_overflowing_tokens=True
    )
    assert_equal(ours, packed_by_rust(rust, segments, windows=True))


def test_a_window_without_room_shows_nothing_and_the_next_shows_all(rust):
    segments = [texts_of([3])]
    rust.enable_truncation(2)
    theirs = rust.encode(segments[0][0])
    ours = packed_by_us(segments, max_length=2, return_overflowing_tokens=True)["input_ids"].numpy().tolist()
    assert [theirs.ids + 3 * [PAD], theirs.overflowing[0].ids] == ours


def test_buckets_pad_to_the_first_that_is_long_enough():
    def length(texts, **options):
        return packed_by_us([texts_of(texts)], buckets=[4, 8, 16], max_length=20, **options)["input_ids"].shape[1]

    assert [length([n]) for n in (0, 2, 3, 6, 7, 14, 15, 40)] == [4, 4, 8, 8, 16, 16, 20, 20]
    assert packed_by_us([texts_of([9])], buckets=[64], max_length=8)["input_ids"].shape[1] == 64
    assert PackingOptions(buckets=[4, 8], max_length=6).longest_padded == 8
    assert PackingOptions(buckets=[4], max_length=6).longest_padded == 6


def test_without_padding_rows_must_be_of_one_length():
    assert packed_by_us([texts_of([3])], padding="do_not_pad")["input_ids"].shape == (1, 5)
    assert packed_by_us([texts_of([3, 3])], padding=False)["input_ids"].shape == (2, 5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="padding='longest'"):
        packed_by_us([texts_of([3, 4])], padding="do_not_pad")


def test_length_counts_padding_as_transformers_does():
    assert packed_by_us([texts_of([3, 1])], return_length=True)["length"].numpy().tolist() == [5, 5]


@pytest.mark.parametrize("segments", [1, 2])
@pytest.mark.parametrize("windows", [False, True])
def test_empty_batch_has_two_positions(segments, windows):
    packed = packed_by_us([[]] * segments, return_overflowing_tokens=windows)
    assert packed["input_ids"].shape == (0, 2)


@pytest.mark.parametrize("padding", ["longest", "max_length"])
@pytest.mark.parametrize("in_graph", [False, True])
def test_without_truncation_a_long_row_is_an_error_and_a_short_one_is_whole(padding, in_graph):
    segments = [texts_of([6])]
    whole = packed_by_us(segments, max_length=8, truncation=False)["input_ids"].numpy()
    assert whole.tolist() == [[CLS, *range(FIRST_WORD, FIRST_WORD + 6), SEP]]
    too_long = lambda: packed_by_us(segments, max_length=7, padding=padding, truncation="do_not_truncate")  # noqa: E731
    with pytest.raises(tf.errors.InvalidArgumentError, match="max_length=7"):
        tf.function(too_long)() if in_graph else too_long()


@pytest.mark.parametrize(("strategy", "lengths"), [("only_first", (3, 9)), ("only_second", (9, 3))])
def test_what_cannot_be_cut_enough_is_an_error(strategy, lengths):
    segments = texts_of([lengths[0]]), texts_of([lengths[1]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="longest_first"):
        packed_by_us(segments, max_length=10, truncation=strategy)


def test_a_second_text_to_cut_must_be_there():
    assert packed_by_us([texts_of([3])], truncation="only_second", max_length=5)["input_ids"].shape == (1, 5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="second text of a pair"):
        packed_by_us([texts_of([4])], truncation="only_second", max_length=5)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_without_any_room_both_texts_of_a_pair_are_cut_to_nothing(rust, strategy):
    segments = texts_of([2, 0]), texts_of([3, 1], 40)
    rust.enable_truncation(3, strategy=strategy)
    assert_equal(packed_by_us(segments, max_length=3, truncation=strategy), packed_by_rust(rust, segments))


def test_a_stride_as_long_as_the_window_is_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError, match="`stride` must be smaller"):
        packed_by_us([texts_of([9])], max_length=6, stride=4, return_overflowing_tokens=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"padding": "sometimes"}, "`padding` must be one of"),
        ({"padding": 1}, "`padding` must be one of"),
        ({"truncation": "sometimes"}, "`truncation` must be one of"),
        ({"truncation": 2}, "`truncation` must be one of"),
        ({"max_length": 1}, "`max_length` must be an integer of at least 2"),
        ({"max_length": 0, "add_special_tokens": False}, "`max_length` must be an integer of at least 1"),
        ({"max_length": 12.5}, "`max_length`"),
        ({"pad_to_multiple_of": 0}, "`pad_to_multiple_of`"),
        ({"stride": -1}, "`stride`"),
        ({"stride": True}, "`stride`"),
        ({"truncation_side": "top"}, "`truncation_side` must be 'left' or 'right'"),
        ({"padding_side": None}, "`padding_side` must be 'left' or 'right'"),
        ({"buckets": [8, 4]}, "ascending"),
        ({"buckets": [0, 4]}, "`buckets`"),
        ({"buckets": 5}, "`buckets` must be lengths in ascending order"),
        ({"buckets": "ab"}, "`buckets` must be lengths in ascending order"),
        ({"buckets": [8], "padding": "max_length"}, "padding='longest'"),
        ({"buckets": [8], "pad_to_multiple_of": 8}, "pad_to_multiple_of"),
        ({"return_offsets": 1}, "`return_offsets` must be True or False"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        PackingOptions(**options)


def test_fixed_padding_keeps_the_shape_static():
    def pack_fixed(ids, row_splits):
        return pack(Pieces(ids, row_splits), 1, PackingOptions(max_length=9, padding="max_length"), SPECIAL)

    signature = [tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.int64)]
    outputs = tf.function(pack_fixed, input_signature=signature).get_concrete_function().structured_outputs
    assert outputs["input_ids"].shape.as_list() == [None, 9]
