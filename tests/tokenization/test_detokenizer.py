"""Ids back to text, against the decoder of the Rust library."""

import random

import numpy as np
import pytest
import tensorflow as tf
import tokenizers
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece

from tfbert.layers import FastBertTokenizer

VOCABULARY = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "don",
    "'",
    "t",
    ".",
    "?",
    "!",
    ",",
    "##,",
    "n't",
    "'s",
    "'m",
    "'ve",
    "'re",
    "do",
    "not",
    "##s",
    "un",
    "##able",
    "##",
    "é",
    "北",
    "##京",
    "a,",
    "do##not",
]


@pytest.fixture(scope="module")
def rust():
    tokenizer = tokenizers.Tokenizer(WordPiece({piece: i for i, piece in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    tokenizer.decoder = WordPieceDecoder()
    tokenizer.add_special_tokens(VOCABULARY[:5])
    tokenizer.add_tokens([" do not", "<e>"])
    return tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return FastBertTokenizer(VOCABULARY, added_tokens=[" do not", "<e>"])


def random_rows(rows=500, most=12):
    draw = random.Random(0)
    return [[draw.randrange(len(VOCABULARY) + 2) for _ in range(draw.randint(0, most))] for _ in range(rows)]


@pytest.mark.parametrize("skip", [True, False])
def test_random_ids_decode_as_the_library_decodes(tokenizer, rust, skip):
    rows = random_rows()
    ours = tokenizer.detokenize(tf.ragged.constant(rows, tf.int32), skip_special_tokens=skip).numpy()
    assert [text.decode() for text in ours] == [rust.decode(row, skip_special_tokens=skip) for row in rows]


def cleaned(text):
    """`clean_up_tokenization` of transformers, by its documentation."""
    for mark in (".", "?", "!", ","):
        text = text.replace(f" {mark}", mark)
    text = text.replace(" ' ", "'")
    for ending in ("n't", "'m", "'s", "'ve", "'re"):
        text = text.replace(f" {ending}", ending)
    return text


def test_cleaning_up_takes_out_the_blanks_that_transformers_takes_out(tokenizer, rust):
    rows = random_rows()
    ours = tokenizer.detokenize(tf.ragged.constant(rows, tf.int32), clean_up_tokenization_spaces=True).numpy()
    theirs = [cleaned(rust.decode(row, skip_special_tokens=False)) for row in rows]
    assert [text.decode() for text in ours] == theirs
    assert any(text != rust.decode(row, skip_special_tokens=False) for text, row in zip(theirs, rows))


def test_padded_rows_and_ids_that_are_none_are_passed_over(tokenizer):
    rows = np.array([[2, 21, 22, 3, 0], [2, -100, 999, 5, 3]])
    assert tokenizer.detokenize(rows, skip_special_tokens=True).numpy().tolist() == [b"unable", b"don"]


def test_a_single_row_gives_a_single_text(tokenizer):
    assert tokenizer.detokenize([21, 22]).numpy() == b"unable"
    assert tokenizer.detokenize(tf.zeros([0, 4], tf.int32)).shape == (0,)
    assert tokenizer.detokenize(tf.zeros([2, 0], tf.int64)).numpy().tolist() == [b"", b""]


@pytest.mark.parametrize("ids", [[[1.0]], [[[1]]], 3])
def test_what_is_no_row_of_ids_is_refused(tokenizer, ids):
    with pytest.raises(ValueError, match=r"integers of shape \[B, S\] or \[S\]"):
        tokenizer.detokenize(ids)


def test_it_runs_in_a_graph(tokenizer):
    function = tf.function(tokenizer.detokenize, input_signature=[tf.TensorSpec([None, None], tf.int32)])
    assert function([[21, 22], [5, 0]]).numpy().tolist() == [b"unable", b"don [PAD]"]
