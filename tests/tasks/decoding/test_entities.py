"""Entities against a plain reading of the rules, on drawn tokens: odd spans, ties, numbers that are none."""

import math
import warnings

import numpy as np
import pytest
import tensorflow as tf

from tfbert.layers import FastBertTokenizer
from tfbert.tasks.decoding.entities import OF_WORDS, STRATEGIES, Entities, EntityFinder, Tokens
from tfbert.tasks.decoding.entity_overlaps import without_overlaps
from tfbert.tasks.decoding.runs import Runs
from tfbert.tasks.decoding.text_bytes import TextBytes
from tfbert.tasks.decoding.token_texts import TokenTexts

LABELS = ["O", "B-PER", "I-PER", "I-LOC", "NAME", "X-Y"]
TOKENS = ["[UNK]", "[CLS]", "[SEP]", "a", "é", "##b", "wolf", "##gang", "do", "not", ".", "'", "##s", "n't"]
TEXT = "aé wolf##gang 北京 don't do not ... ' s"


@pytest.fixture(scope="module")
def token_texts():
    return TokenTexts(FastBertTokenizer(TOKENS))


def joined(parts):
    """The decoder of word pieces, with its cleaning."""
    text = ""
    for place, part in enumerate(parts):
        if place:
            part = part[2:] if part.startswith("##") else f" {part}"
        for old, new in [
            *((f" {mark}", mark) for mark in ".?!,"),
            (" ' ", "'"),
            (" n't", "n't"),
            (" 'm", "'m"),
            (" do not", " don't"),
            *((f" {end}", end) for end in ("'s", "'ve", "'re")),
        ]:
            part = part.replace(old, new)
        text += part
    return text


def plain_entities(tokens, strategy, ignored):
    """Entities of one window; tokens are (id, start, end, scores) with offsets in characters."""
    words = []
    for place, (index, start, end, scores) in enumerate(tokens):
        source = TEXT[start:end]
        part = {"place": place, "text": source if index == 0 else TOKENS[index], "start": start, "end": end}
        part |= {"scores": scores, "goes_on": index != 0 and len(TOKENS[index]) != len(source)}
        if words and strategy in OF_WORDS and part["goes_on"]:
            words[-1].append(part)
        else:
            words.append([part])
    groups = []
    for parts in words:
        scores = parts[0]["scores"]
        if strategy == "max":
            scores = max(parts, key=lambda part: part["scores"].max())["scores"]
        if strategy == "average":
            scores = np.nanmean([part["scores"] for part in parts], axis=0)
        label = LABELS[scores.argmax()]
        text = joined([part["text"] for part in parts]) if strategy in OF_WORDS else parts[0]["text"]
        word = {"label": label, "score": scores.max(), "text": text, "parts": parts}
        kind = label[2:] if label[:2] in ("B-", "I-") else label
        if groups and strategy != "none" and not label.startswith("B-") and groups[-1]["kind"] == kind:
            groups[-1]["words"].append(word)
        else:
            groups.append({"kind": kind, "words": [word]})
    entities = []
    for group in groups:
        first, last = group["words"][0], group["words"][-1]
        name = first["label"] if strategy == "none" else first["label"].split("-", 1)[-1]
        text = first["text"] if strategy == "none" else joined([word["text"] for word in group["words"]])
        score = np.nanmean([word["score"] for word in group["words"]])
        if name not in ignored:
            entities.append((name, text, score, first["parts"][0]["start"], last["parts"][-1]["end"]))
    return entities


def drawn_window(numbers, has_nans):
    """Tokens at rising places of TEXT, whose ids need not fit; scores of few values, so that many tie."""
    count = numbers.integers(0, 12)
    cuts = np.sort(numbers.choice(len(TEXT), 2 * count, replace=False)).reshape(count, 2)
    scores = numbers.choice([0.125, 0.25, 0.5], (count, len(LABELS))).astype(np.float32)
    if has_nans:
        scores[numbers.random(count) < 0.2] = np.nan
    ids = numbers.choice([0, *range(3, len(TOKENS))], count)
    return [(int(index), int(start), int(end), row) for index, (start, end), row in zip(ids, cuts, scores)]


def flat_tokens(windows):
    rows = [
        (text, place == 0, place, *token) for text, window in enumerate(windows) for place, token in enumerate(window)
    ]
    text, begins, index, ids, start, end, scores = zip(*rows) if rows else [[]] * 7
    before = np.array([len(TEXT[:place].encode()) for place in range(len(TEXT) + 1)], np.int32)

    def ints(values):
        return tf.constant(values, tf.int32, shape=[len(rows)])

    return Tokens(
        ints(text),
        tf.constant(begins, tf.bool, shape=[len(rows)]),
        ints(index),
        ints(ids),
        ints(before[list(start)]),
        ints(before[list(end)]),
        tf.constant(np.array(scores, np.float32).reshape(len(rows), len(LABELS))),
    )


@pytest.mark.parametrize("ignored", [(), ("O",), ("O", "PER", "B-PER", "Y")])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_entities_follow_the_rules(token_texts, strategy, ignored):
    numbers = np.random.default_rng(7)
    windows = [drawn_window(numbers, has_nans=strategy == "average") for _ in range(150)]
    texts = TextBytes.of(tf.constant([TEXT] * len(windows)))
    entities = EntityFinder(LABELS, strategy, ignored, token_texts)(flat_tokens(windows), texts)
    rows = entities.rows(texts.cut(entities.text, entities.start, entities.end), len(windows))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means of no number
        expected = [plain_entities(window, strategy, ignored) for window in windows]
    assert sum(map(len, expected)) > 50
    names = ("entity", "token_str", "score", "start", "end", "word")
    for row, wanted in enumerate(expected):
        length = int(rows["length"][row])
        assert length == len(wanted)
        found = zip(*(rows[name][row, :length].numpy().tolist() for name in names))
        for (name, token_str, score, start, end, word), (kind, text, value, begin, stop) in zip(found, wanted):
            assert (name.decode(), token_str.decode(), word.decode()) == (kind, text, TEXT[begin:stop])
            assert (start, end) == (len(TEXT[:begin].encode()), len(TEXT[:stop].encode()))
            assert score == pytest.approx(float(value), abs=1e-6, nan_ok=True)


def plain_without_overlaps(entities):
    """Entities are (start, end, score); one after the other, by where they begin."""
    kept = []
    for entity in sorted(entities, key=lambda entity: entity[0]):
        if kept and entity[0] < kept[-1][1]:
            length, other = entity[1] - entity[0], kept[-1][1] - kept[-1][0]
            if length > other or (length == other and entity[2] > kept[-1][2]):
                kept[-1] = entity
        else:
            kept.append(entity)
    return kept


@pytest.mark.parametrize("widest", [2, 5, 25])
def test_of_entities_over_each_other_one_is_kept(widest):
    numbers = np.random.default_rng(widest)
    texts = ["é" * 300] * 4 + ["", "a é" * 100]
    rows = [[], *([*map(tuple, drawn_spans(numbers, widest))] for _ in range(3)), [], drawn_spans(numbers, widest)]
    flat = [(row, start, end, score) for row, spans in enumerate(rows) for start, end, score in spans]
    text, start, end, score = zip(*flat)
    places = [[len(texts[row][:place].encode()) for row, place in zip(text, values)] for values in (start, end)]
    nothing = tf.zeros([len(flat)], tf.int32)
    entities = Entities(
        *(tf.constant(text), tf.constant([""] * len(flat)), tf.constant(score), nothing, tf.range(len(flat))),
        *map(tf.constant, places),
    )
    found = without_overlaps(entities, TextBytes.of(tf.constant(texts)))
    kept = [flat[place] for place in found.token_str.numpy()]
    expected = [(row, *span) for row, spans in enumerate(rows) for span in plain_without_overlaps(spans)]
    assert kept == expected
    assert len(expected) < len(flat)


def drawn_spans(numbers, widest):
    starts = numbers.integers(0, 300 - widest, 80)
    widths, scores = numbers.integers(1, widest + 1, 80), numbers.choice([0.25, 0.5], 80)
    return [(int(start), int(start + width), float(score)) for start, width, score in zip(starts, widths, scores)]


def test_no_tokens_have_no_entities(token_texts):
    for strategy in STRATEGIES:
        for texts in ([], ["", ""]):
            entities = EntityFinder(LABELS, strategy, (), token_texts)(
                flat_tokens([]), TextBytes.of(tf.constant(texts, tf.string))
            )
            entities = without_overlaps(entities, TextBytes.of(tf.constant(texts, tf.string)))
            rows = entities.rows(entities.token_str, len(texts))
            assert rows["length"].numpy().tolist() == [0] * len(texts)
            assert {name: tuple(values.shape) for name, values in rows.items() if name != "length"} == dict.fromkeys(
                ("entity", "token_str", "word", "score", "index", "start", "end"), (len(texts), 0)
            )


def test_means_pass_over_what_is_no_number():
    runs = Runs.beginning_at(tf.constant([True, False, True]))
    means = runs.mean(tf.constant([math.nan, 2.0, math.nan])).numpy()
    assert means[0] == 2.0
    assert math.isnan(means[1])
    assert runs.place_of_max(tf.constant([2.0, 2.0, math.nan])).numpy().tolist() == [0, 2]


def test_bytes_of_texts_are_cut_and_counted():
    texts = TextBytes.of(tf.constant(["Zoë\n北京", "", b"a\xffb"]))
    text, start, end = tf.constant([0, 0, 2, 1]), tf.constant([2, 5, 0, 0]), tf.constant([4, 11, 3, 0])
    words = [word.decode() for word in texts.cut(text, start, end).numpy()]
    assert words == ["ë", "北京", "a\ufffdb", ""]
    assert texts.characters(text, start, end).numpy().tolist() == [1, 2, 3, 0]
    assert texts.lines_before(text, end).numpy().tolist() == [0, 1, 0, 0]
