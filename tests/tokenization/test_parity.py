"""A fixed sample of `make parity`: the layer against Hugging Face's Rust library, with every combination of options."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from scripts.parity import compare, corpora, hypothesis_texts, odd_texts, report, unicode_texts, vocabularies

PER_CATEGORY = 300
DEFAULT = compare.Options()


@pytest.fixture(scope="module")
def samples():
    """Some texts of each category that needs no download."""
    made = dict(corpora.MADE)
    made["fuzz"] = lambda: odd_texts.fuzz(PER_CATEGORY)
    made["fuzz, special tokens"] = lambda: odd_texts.fuzz(PER_CATEGORY, with_special_tokens=True)
    made["hypothesis"] = lambda: hypothesis_texts.drawn(PER_CATEGORY)
    made["very long"] = lambda: [text[:20_000] for text in odd_texts.very_long()]
    return {
        category: corpora.sample(make(), PER_CATEGORY) for category, make in {**made, **corpora.CODE_POINTS}.items()
    }


@pytest.fixture(scope="module")
def pieces(samples):
    """A small vocabulary of what the texts are made of, in all scripts."""
    texts = (text for category in samples.values() for text in category if isinstance(text, str))
    return vocabularies.composed(texts, size=6000)


@pytest.fixture(scope="module")
def default_pair(pieces):
    return compare.Layer(pieces, DEFAULT), compare.Reference(pieces, DEFAULT)


def differences(pair, texts, options=DEFAULT):
    result = compare.compare(*pair, texts, options)
    return [*map(report.readable, result.wrong_ids)], [*map(report.readable, result.wrong_offsets)]


SAMPLED = [  # every value of every option, and most pairs of values; `make parity` has all of them on all texts
    options if place % 3 == 0 else pytest.param(options, marks=pytest.mark.exhaustive)
    for place, options in enumerate(compare.ALL_OPTIONS)
]


@pytest.mark.parametrize("options", SAMPLED, ids=lambda options: "-".join(map(str, options)))
def test_every_combination_of_options_gives_the_librarys_ids_and_offsets(options, pieces, samples):
    pair = compare.Layer(pieces, options), compare.Reference(pieces, options)

    found = {category: differences(pair, texts, options) for category, texts in samples.items()}

    assert {category: both for category, both in found.items() if both != ([], [])} == {}


@pytest.mark.parametrize("seed", range(0, 24, 5))
def test_odd_vocabularies_give_the_librarys_ids_and_offsets(seed, samples):
    vocabulary, options = vocabularies.adversarial(seed), compare.ALL_OPTIONS[seed]
    pair = compare.Layer(vocabulary, options), compare.Reference(vocabulary, options)
    texts_of = {**samples, "pieces put together": odd_texts.of_pieces(vocabulary, 2000)}

    found = {category: differences(pair, texts, options) for category, texts in texts_of.items()}

    assert {category: both for category, both in found.items() if both != ([], [])} == {}


@pytest.mark.parametrize("pattern", ["*", "a*b"])
def test_every_character_of_the_lively_blocks(pattern, default_pair):
    texts = unicode_texts.lively_blocks(unicode_texts.code_points(pattern))

    assert differences(default_pair, texts) == ([], [])


@hypothesis.settings(
    max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)
@hypothesis.given(texts=st.lists(hypothesis_texts.STRINGS, min_size=1, max_size=20))
def test_whatever_is_drawn(texts, default_pair):
    assert differences(default_pair, texts) == ([], [])


class Altered:
    """The library itself with one number changed."""

    def __init__(self, reference, field):
        self._reference, self._field = reference, field

    def ids(self, texts):
        return self._altered(self._reference.ids(texts))

    def offsets(self, texts):
        return self._altered(self._reference.offsets(texts))

    def _altered(self, tokens):
        values = getattr(tokens, self._field)
        if values is None:
            return tokens
        return tokens._replace(**{self._field: np.concatenate([values[:-1], values[-1:] + 1])})


@pytest.mark.parametrize(
    ("field", "kind"), [("ids", "wrong_ids"), ("starts", "wrong_offsets"), ("ends", "wrong_offsets")]
)
def test_a_single_difference_is_found(field, kind, vocabulary):
    reference = compare.Reference(vocabulary, DEFAULT)

    result = compare.compare(Altered(reference, field), reference, ["the cat", "", "the dog", "a mat"], DEFAULT)

    assert getattr(result, kind) == [b"a mat"]
    assert len(result.wrong_ids) + len(result.wrong_offsets) == 1


def test_a_different_number_of_tokens_is_found(vocabulary):
    pair = compare.Reference(vocabulary, DEFAULT), compare.Reference(vocabulary, DEFAULT._replace(clean_text=False))

    result = compare.compare(*pair, ["the cat", "", "the\ncat", "\0a", "dog"], DEFAULT)

    assert result.wrong_ids == [b"\0a"]


@pytest.mark.parametrize(
    ("raw", "positions"),
    [
        (b"", [0]),
        (b"a\xffb", [0, 1, 2, 3]),
        ("aé北😀".encode(), [0, 1, 3, 6, 10]),
        (b"\xe4\xb8\xc3\xa9\xf0\x9f\x98x\xed\xa0\x80", [0, 2, 4, 7, 8, 9, 10, 11]),
        ("\ufffd".encode() + b"\xf0\x9f" + "\ufffd".encode(), [0, 3, 5, 8]),
    ],
)
def test_characters_of_ill_formed_bytes_are_found(raw, positions):
    assert compare.byte_positions(raw, raw.decode("utf-8", "replace")).tolist() == positions


def test_a_failing_text_is_cut_down_to_what_fails():
    assert report.shrunk(b"the [MASK] of the cat", lambda text: b"[M" in text) == b"[M"
