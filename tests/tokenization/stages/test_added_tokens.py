"""Added tokens against the Rust library: random texts, tokens and flags."""

import random

import pytest
import tensorflow as tf
import tokenizers
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from tfbert.layers import FastBertTokenizer

VOCABULARY = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] a b c ##a ##b ##c ab ##ab , 1 _ 北 é e [ ] x ##x mask".split()  # noqa: SIM905
)
SYLLABLES = [*"abcxABX ,1_北éÉß[]", "  ", "[MASK]", "[SEP]", "ab", "xx", "\u3000", "\u00a0", "\x00", "\t", "\u0301"]
SYLLABLES += ["\u200d", "\U0010ffff", "\U000ffffe", "Ⅷ", "[mask]", "neW", "new"]
CONTENTS = ["ab", "xx", "x", "[MASK] a", "new", "A", "b c", "Éx", "x1", "_", "a b", "[M", "xxa", "É", "[MASK]a"]


def drawn_tokens(draw):
    """The special tokens, one of them with flags, and some added ones with others."""
    tokens = [tokenizers.AddedToken(token, special=True) for token in ("[UNK]", "[SEP]", "[CLS]", "[PAD]")]
    tokens.append(tokenizers.AddedToken("[MASK]", special=True, lstrip=draw.random() < 0.5, rstrip=draw.random() < 0.3))
    for content in draw.sample(CONTENTS, draw.randint(0, 6)):
        flags = {name: draw.random() < 0.35 for name in ("single_word", "lstrip", "rstrip", "normalized", "special")}
        tokens.append(tokenizers.AddedToken(content, **flags))
    return tokens


@pytest.mark.parametrize("seed", range(12))
def test_random_tokens_are_found_where_the_library_finds_them(seed):
    draw = random.Random(seed)
    tokens = drawn_tokens(draw)
    names = ("clean_text", "tokenize_chinese_chars", "strip_accents", "do_lower_case")
    options = {name: draw.random() < 0.6 for name in names}
    options["split_special_tokens"] = draw.random() < 0.3
    rust = tokenizers.Tokenizer(WordPiece({piece: i for i, piece in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    rust.normalizer = BertNormalizer(*(options[name] for name in names))
    rust.pre_tokenizer = BertPreTokenizer()
    for token in tokens:
        rust.add_tokens([token])
    rust.encode_special_tokens = options["split_special_tokens"]
    ours = FastBertTokenizer(VOCABULARY, added_tokens=tokens, **options)
    texts = ["".join(draw.choice(SYLLABLES) for _ in range(draw.randint(0, 14))) for _ in range(600)]

    ids, starts, ends = ours.tokenize_with_offsets(texts)

    for text, encoding, got, start, end in zip(
        texts, rust.encode_batch(texts, add_special_tokens=False), ids.to_list(), starts.to_list(), ends.to_list()
    ):
        assert got == encoding.ids, repr(text)
        spans = [(len(text[:a].encode()), len(text[:b].encode())) for a, b in encoding.offsets]
        assert list(zip(start, end)) == spans, repr(text)
    assert ours.tokenize(texts).to_list() == ids.to_list()


@pytest.fixture
def tokens():
    return [f"<{index}>" for index in range(40)]


def test_forty_added_tokens_get_the_ids_behind_the_vocabulary(tokens):
    tokenizer = FastBertTokenizer(VOCABULARY, added_tokens=tokens)
    text = "a".join(tokens)
    expected = [id for index in range(40) for id in (len(VOCABULARY) + index, VOCABULARY.index("a"))][:-1]
    assert tokenizer.tokenize([text]).to_list() == [expected]
    assert tokenizer.token_table.tokens[-1] == "<39>"
    assert tokenizer.vocab_size == len(VOCABULARY)


def test_texts_without_tokens_do_not_suffer_from_those_with(tokens):
    tokenizer = FastBertTokenizer(VOCABULARY, added_tokens=tokens)
    texts = ["ab c", "", "<3>", "a<4>", "x,x", "<5><6>", " "]
    assert tokenizer.tokenize(texts).to_list() == [
        row for text in texts for row in tokenizer.tokenize([text]).to_list()
    ]


def test_words_that_are_never_split_stand_between_white_space():
    tokenizer = FastBertTokenizer([*VOCABULARY, "A,b"], never_split=["A,b", "X", "[MASK]"])
    whole, unknown = len(VOCABULARY), VOCABULARY.index("[UNK]")
    split = tokenizer.tokenize(["a,b"]).to_list()[0]
    assert tokenizer.tokenize(["A,b"]).to_list() == [[whole]]
    assert tokenizer.tokenize(["c A,b\tX c"]).to_list() == [[7, whole, unknown, 7]]
    assert tokenizer.tokenize(["cA,b", "(A,b)"]).to_list()[0] == [7, 8, *split[1:]]
    assert whole not in tokenizer.tokenize(["(A,b)"]).to_list()[0]
    assert tokenizer.tokenize(["[MASK],"]).to_list() == [[4, 13]]


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("\x00", "is deleted by the normalizer"),
        ("", "at least one character"),
        (3, "must be a str, a dict with 'content' or an AddedToken"),
    ],
)
def test_tokens_that_no_text_can_hold_are_refused(token, message):
    with pytest.raises((TypeError, ValueError), match=message):
        FastBertTokenizer(VOCABULARY, added_tokens=[token]).tokenize(["a"])


def test_a_string_for_a_list_of_tokens_is_refused():
    with pytest.raises(TypeError, match=r"\['<e>'\]"):
        FastBertTokenizer(VOCABULARY, added_tokens="<e>")


def test_marks_in_a_text_are_no_tokens():
    tokenizer = FastBertTokenizer(VOCABULARY)
    text = "a\U0010ffff\U0010ffff[MASK]\U0010fffe\U0010fffe a"
    rust = tokenizers.BertWordPieceTokenizer({piece: i for i, piece in enumerate(VOCABULARY)})
    assert tokenizer.tokenize([text]).to_list() == [rust.encode(text, add_special_tokens=False).ids]
    assert tf.strings.length(text) == 2 + 4 * 4 + 6 + 1


@pytest.mark.parametrize("piece", ["\U0010ffff", "\U0010fffe", "\U000ffffe", "\U000fffff"])
@pytest.mark.parametrize("clean_text", [True, False])
def test_no_character_is_taken_for_a_mark(piece, clean_text):
    vocabulary = [*VOCABULARY, piece]
    rust = tokenizers.Tokenizer(WordPiece({p: i for i, p in enumerate(vocabulary)}, unk_token="[UNK]"))
    rust.normalizer, rust.pre_tokenizer = BertNormalizer(clean_text=clean_text), BertPreTokenizer()
    rust.add_special_tokens(["[MASK]"])
    texts = [f"[MASK] {mark} {mark}a" for mark in ("\U0010ffff", "\U0010fffe", "\U000ffffe", "\U000fffff")]
    ours = FastBertTokenizer(vocabulary, clean_text=clean_text).tokenize(texts).to_list()
    assert ours == [encoding.ids for encoding in rust.encode_batch(texts, add_special_tokens=False)]


def test_thousands_of_tokens_found_many_times_take_little_memory():
    tokenizer = FastBertTokenizer(VOCABULARY, added_tokens=[f"<{index}>" for index in range(2000)])
    ids = tokenizer.tokenize(["<7><1999>" * 100_000])
    assert ids.row_lengths().numpy().tolist() == [200_000]
    assert ids[0, :2].numpy().tolist() == [len(VOCABULARY) + 7, len(VOCABULARY) + 1999]
