"""Combining marks in canonical order, against the Rust library."""

import random

import tokenizers

from tfbert.layers import FastBertTokenizer
from tfbert.tokenization.characters.character_tables import mark_ranks
from tfbert.tokenization.stages.mark_order import mark_order

SPECIAL = ["[UNK]", "[CLS]", "[SEP]"]


def chosen_marks():
    """Three marks of each of three ranks."""
    of_rank = {}
    for mark, rank in mark_ranks().items():
        of_rank.setdefault(rank, []).append(chr(mark))
    return [mark for rank in sorted(of_rank)[-3:] for mark in of_rank[rank][:3]]


def test_pieces_that_hold_several_marks_find_them_in_order():
    marks = chosen_marks()
    draw = random.Random(0)
    pieces = ["a", "b", *marks, *(f"##{mark}" for mark in marks), *(f"##{x}{y}" for x in marks for y in marks), "##b"]
    vocabulary = [*SPECIAL, *dict.fromkeys(pieces)]
    rust = tokenizers.BertWordPieceTokenizer({piece: index for index, piece in enumerate(vocabulary)})
    texts = [
        "".join(draw.choice(["a", "b", "é", " ", *marks]) for _ in range(draw.randint(1, 12))) for _ in range(3000)
    ]

    for added in ((), ["never-in-a-text"]):
        ours = FastBertTokenizer(vocabulary, added_tokens=added).tokenize(texts).to_list()
        assert ours == [encoding.ids for encoding in rust.encode_batch(texts, add_special_tokens=False)]
    unsorted = FastBertTokenizer(vocabulary, strip_accents=False).tokenize(texts).to_list()
    assert unsorted != ours


def test_vocabularies_without_such_marks_pay_nothing():
    assert mark_order({}) is None
    assert mark_order({"x": 3, "y": 3}) is None
