"""Packing against the Rust `tokenizers` library: every pair of lengths, several budgets and paddings."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
import tokenizers
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import BertProcessing

from tfbert.tokenization.packing.packing import PackingOptions, SpecialIds, kept_lengths, pack

CLS, SEP, PAD, FIRST_WORD = 1, 2, 0, 10
SPECIAL = SpecialIds(cls=CLS, sep=SEP, pad=PAD)


@pytest.fixture(scope="module")
def rust():
    words = {"[PAD]": PAD, "[CLS]": CLS, "[SEP]": SEP, "[UNK]": 3, **{f"w{i}": FIRST_WORD + i for i in range(100)}}
    tokenizer = tokenizers.Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = BertProcessing(("[SEP]", SEP), ("[CLS]", CLS))
    return tokenizer


def options(max_length, padding="longest", truncation=True, pad_to_multiple_of=None):
    return PackingOptions(
        max_length=max_length,
        padding=padding,
        truncation=truncation,
        pad_to_multiple_of=pad_to_multiple_of,
    )


def words(start, count):
    return [start + i for i in range(count)]


def as_text(ids):
    return " ".join(f"w{i - FIRST_WORD}" for i in ids)


def assert_equal_to_rust(packed, encodings):
    for name, attribute in (("input_ids", "ids"), ("attention_mask", "attention_mask"), ("token_type_ids", "type_ids")):
        expected = np.array([getattr(encoding, attribute) for encoding in encodings])
        np.testing.assert_array_equal(packed[name].numpy(), expected, err_msg=name)
        assert packed[name].dtype == tf.int32


@pytest.mark.parametrize("max_length", range(3, 24))
def test_pairs_equal_rust_for_every_pair_of_lengths(rust, max_length):
    lengths = list(itertools.product(range(0, 25), repeat=2))
    first = [words(FIRST_WORD, a) for a, _ in lengths]
    second = [words(FIRST_WORD + 40, b) for _, b in lengths]
    packed = pack(
        [tf.ragged.constant(first, tf.int32), tf.ragged.constant(second, tf.int32)], options(max_length), SPECIAL
    )
    rust.enable_truncation(max_length, strategy="longest_first")
    rust.enable_padding(pad_id=PAD)
    assert_equal_to_rust(packed, rust.encode_batch([(as_text(a), as_text(b)) for a, b in zip(first, second)]))


@pytest.mark.parametrize("max_length", [2, 3, 8, 30])
@pytest.mark.parametrize("padding", ["longest", "max_length"])
@pytest.mark.parametrize("multiple", [None, 1, 4, 7])
def test_single_texts_equal_rust(rust, max_length, padding, multiple):
    rows = [words(FIRST_WORD, count) for count in (0, 1, 5, 6, 7, 29)]
    packed = pack(
        [tf.ragged.constant(rows, tf.int32)], options(max_length, padding, pad_to_multiple_of=multiple), SPECIAL
    )
    rust.enable_truncation(max_length, strategy="longest_first")
    fixed = None if padding == "longest" else -(-max_length // (multiple or 1)) * (multiple or 1)
    rust.enable_padding(pad_id=PAD, length=fixed, pad_to_multiple_of=multiple)
    assert_equal_to_rust(packed, rust.encode_batch([as_text(row) for row in rows]))


def test_the_odd_piece_goes_to_the_second_segment_at_a_tie():
    assert [int(n) for n in kept_lengths(tf.constant([20]), tf.constant([20]), 7)[0]] == [3]
    assert [int(n) for n in kept_lengths(tf.constant([30]), tf.constant([20]), 7)[0]] == [4]


@pytest.mark.parametrize("segments", [1, 2])
def test_empty_batch_has_two_positions(segments):
    empty = tf.RaggedTensor.from_row_splits(tf.constant([], tf.int32), tf.constant([0], tf.int64))
    for name, tensor in pack([empty] * segments, options(8), SPECIAL).items():
        assert tensor.shape == (0, 2), name


def test_without_truncation_a_long_row_is_an_error_and_a_short_one_is_whole():
    row = tf.ragged.constant([words(FIRST_WORD, 6)], tf.int32)
    whole = pack([row], options(8, truncation=False), SPECIAL)["input_ids"].numpy()
    assert whole.tolist() == [[CLS, *words(FIRST_WORD, 6), SEP]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="max_length=7"):
        pack([row], options(7, truncation=False), SPECIAL)
    in_graph = tf.function(lambda: pack([row], options(7, "max_length", truncation=False), SPECIAL))
    with pytest.raises(tf.errors.InvalidArgumentError, match="max_length=7"):
        in_graph()


def test_fixed_padding_keeps_the_shape_static():
    function = tf.function(
        lambda ids: pack([ids], options(9, "max_length"), SPECIAL),
        input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)],
    )
    assert function.get_concrete_function().structured_outputs["input_ids"].shape.as_list() == [None, 9]
