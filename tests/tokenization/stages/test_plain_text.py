"""Word pieces of text without added tokens: word limits, prefixes, pieces that the kernel cannot hold."""

import pytest
import tokenizers
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from tfbert.layers import FastBertTokenizer

SPECIAL = ["[UNK]", "[CLS]", "[SEP]"]
LETTERS = [*"abcяกé", "х"]


def both(vocabulary, texts, prefix="##", limit=100, unk_token="[UNK]"):
    """The ids of our tokenizer and of the library."""
    ours = FastBertTokenizer(
        vocabulary,
        do_lower_case=False,
        wordpieces_prefix=prefix,
        max_input_chars_per_word=limit,
        unk_token=unk_token,
        cls_token=unk_token,
        sep_token=unk_token,
    )
    model = WordPiece(
        {piece: index for index, piece in enumerate(vocabulary)},
        unk_token=unk_token,
        continuing_subword_prefix=prefix,
        max_input_chars_per_word=limit,
    )
    rust = tokenizers.Tokenizer(model)
    rust.normalizer, rust.pre_tokenizer = BertNormalizer(lowercase=False), BertPreTokenizer()
    rust.add_special_tokens([unk_token])
    ids = ours.tokenize(texts).to_list()
    assert ours.tokenize_with_offsets(texts)[0].to_list() == ids
    return ids, [encoding.ids for encoding in rust.encode_batch(texts, add_special_tokens=False)]


@pytest.mark.parametrize("limit", [1, 3, 25, 100, 999, 1000])
def test_a_word_is_unknown_from_one_character_beyond_the_limit(limit):
    vocabulary = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    texts = [letter * count for letter in LETTERS for count in (limit - 1, limit, limit + 1)]
    texts += [f"{texts[1]} {texts[2]},{texts[1]}", "ab " * limit, "я" * limit + "\u0301", "abc," * limit]
    ours, rust = both(vocabulary, texts, limit=limit)
    assert ours == rust
    assert 0 in ours[2]
    assert 0 not in ours[1]


@pytest.mark.parametrize("prefix", ["##", "@@", "x", "", "▁", "ab", "北"])
def test_any_prefix_marks_continuations(prefix):
    bodies = ["a", "b", "ab", "ba", "abb", "x", "xa", "北", "##", "#"]
    vocabulary = list(dict.fromkeys([*SPECIAL, *bodies, *(prefix + body for body in bodies)]))
    texts = ["abab", "aabb", "xab xxab", "abbba", "北a北", "##ab", "@@a", "▁ab", "xx", "axab", "bab ababab", "xaxb"]
    ours, rust = both(vocabulary, texts, prefix=prefix)
    assert ours == rust


@pytest.mark.parametrize("unk_token", ["[UNK]", "unk", "?", "<unk> x", "##b"])
def test_any_piece_may_stand_for_the_unknown(unk_token):
    vocabulary = list(dict.fromkeys([unk_token, "a", "b", "##b", "un", "##k"]))
    texts = ["a z", "unk a", "un?k", unk_token, f"a{unk_token}b", "zz zz", "Unk"]
    ours, rust = both(vocabulary, texts, unk_token=unk_token)
    assert ours == rust


def test_pieces_that_no_text_spells_keep_their_ids():
    vocabulary = [*SPECIAL, "a.b", "A\u0301", "##.", ".", "a", "", "##", "b c", "\u200b", "z"]
    ours, rust = both(vocabulary, ["a.b z", "## .", "b c", "\u200bz"])
    assert ours == rust


def test_a_piece_that_is_too_long_for_the_kernel_is_named():
    with pytest.raises(ValueError, match=r"at most 255 bytes.*300 bytes for 'aaaa.*\(id 4\).*unused"):
        FastBertTokenizer([*SPECIAL, "ok", "a" * 300]).tokenize(["a"])
    longest = "a" * 255
    ours, rust = both([*SPECIAL, longest], [longest, longest + "a"], limit=300)
    assert ours == rust


def test_an_unknown_token_that_looks_like_a_continuation_joins_no_words():
    tokenizer = FastBertTokenizer(["##a", "[MASK]", "b"], unk_token="##a", cls_token="##a", sep_token="##a")
    tokenizer = FastBertTokenizer.from_config({**tokenizer.get_config(), "max_input_chars_per_word": 1})
    assert tokenizer.tokenize(["b zz", "b zz [MASK]"]).to_list() == [[2, 0], [2, 0, 1]]


def test_a_huge_limit_is_a_limit():
    tokenizer = FastBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "a", "##a"], max_input_chars_per_word=2**40)
    assert tokenizer.tokenize(["a" * 3000]).row_lengths().numpy().tolist() == [3000]


def test_a_vocabulary_of_all_characters_that_the_kernel_isolates():
    ideographs = [chr(code) for code in range(0x2F800, 0x2FA1E)]
    ours, rust = both([*SPECIAL, *ideographs, "a"], ["".join(ideographs[::7]), "a\U0002fa1d北"])
    assert ours == rust


def test_a_vocabulary_in_more_letters_than_two_bytes_hold():
    hangul = [chr(code) for code in range(0xAC00, 0xAC00 + 5000)]
    ours, rust = both([*SPECIAL, *hangul], [*hangul[::50], hangul[0] * 101, "a"])
    assert ours == rust
