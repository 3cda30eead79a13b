"""Spans of windows, made words, merged and ranked."""

import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks.decoding.answer_spans import Spans, best_spans, merged, ranked, with_no_answer, word_ends


def spans(*rows):
    """Spans of (row, start, end, score)."""
    columns = zip(*rows) if rows else [[], [], [], []]
    return Spans(*(tf.constant(list(values), dtype) for values, dtype in zip(columns, [tf.int32] * 3 + [tf.float32])))


def spans_of(text, *answers, row=0):
    """Where the answers stand, each a little worse than the one before it."""
    starts = [text.encode().index(answer.encode()) for answer in answers]
    return [
        (row, start, start + len(answer.encode()), 0.5 - 0.1 * place)
        for place, (start, answer) in enumerate(zip(starts, answers))
    ]


def decoded(values):
    return [value.decode() for value in values.numpy()]


@pytest.mark.parametrize("max_answer_len", [1, 3, 15])
def test_best_spans_are_those_of_all_pairs_of_positions(max_answer_len):
    numbers = np.random.RandomState(0)
    start, end = numbers.normal(size=(2, 4, 12)).astype(np.float32) * 3
    in_context = np.zeros((4, 12), bool)
    in_context[0, 4:10], in_context[1, 3:], in_context[2, 5:6] = True, True, True
    first, last, scores, no_answer = (
        part.numpy() for part in best_spans(start, end, tf.constant(in_context), 14, max_answer_len)
    )
    for window in range(4):
        counted = in_context[window] | (np.arange(12) == 0)
        begin, finish = (
            np.where(counted, np.exp(logits[window]), 0) / np.exp(logits[window])[counted].sum()
            for logits in (start, end)
        )
        assert no_answer[window] == pytest.approx(begin[0] * finish[0], rel=1e-5)
        inside = np.flatnonzero(in_context[window])
        expected = [(begin[s] * finish[e], s, e) for s in inside for e in inside if 0 <= e - s < max_answer_len]
        expected = [*sorted(expected, reverse=True), (0.0, 0, 0)][: first.shape[1]]
        found = scores[window] >= 0
        assert list(zip(first[window][found], last[window][found])) == [(s, e) for _, s, e in expected]
        np.testing.assert_allclose(scores[window][found], [score for score, _, _ in expected], rtol=1e-5)


def test_a_word_ends_at_the_next_one_and_at_the_edge_of_its_window():
    begins = tf.constant([[1, 1, 1, 0, 0, 1, 0, 1], [1, 1, 1, 0, 0, 1, 1, 0]]) == 1
    in_context = tf.constant([[0, 0, 1, 1, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1, 1, 1]]) == 1
    first, last = word_ends(begins, in_context)
    assert first.numpy().tolist() == [[0, 1, 2, 2, 2, 5, 5, 7], [0, 1, 2, 3, 3, 5, 6, 6]]
    assert last.numpy().tolist() == [[0, 1, 4, 4, 4, 6, 6, 7], [0, 1, 2, 4, 4, 5, 7, 7]]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("New York, new york, NEW YORK", ["New York", "new york", "NEW YORK"]),
        ("ÀÉ àé", ["ÀÉ", "àé"]),
        ("ΟΔΟΣ οδος οδοσ", ["ΟΔΟΣ", "οδος", "οδοσ"]),  # a final sigma is another letter than one inside
        ("ΑΣΑ ασα αςα", ["ΑΣΑ", "ασα", "αςα"]),
        ("İ i i̇ I", ["İ", "i ", "i̇", "I"]),  # a dotted capital keeps its dot
        ("STRASSE straße ẞ ß", ["STRASSE", "straße", "ẞ", "ß"]),
        ("a\x00b a\x00c A\x00B", ["a\x00b", "a\x00c", "A\x00B"]),
        ("Москва москва 北京 😀", ["Москва", "москва", "北京", "😀"]),
        ("1 2 1", ["1", "2", "1"]),
    ],
)
def test_answers_merge_as_pythons_lower_has_them(text, answers):
    expected = {}
    for answer, (_, _, _, score) in zip(answers, spans_of(text, *answers)):
        known = next((other for other in expected if other.lower() == answer.lower()), answer)
        expected[known] = expected.get(known, 0) + score
    found, left = merged(tf.constant([text]), spans(*spans_of(text, *answers)))
    assert decoded(found) == list(expected)
    np.testing.assert_allclose(left.score, list(expected.values()), rtol=1e-6)


def test_the_same_answer_in_two_rows_stays_two_answers():
    texts = ["1 a", "A 1"]
    found, left = merged(tf.constant(texts), spans(*spans_of(texts[0], "a"), *spans_of(texts[1], "A", row=1)))
    assert decoded(found) == ["a", "A"]
    assert left.row.numpy().tolist() == [0, 1]


def test_answers_are_valid_text():
    found, _ = merged(tf.constant([b"\xff\xe4 a"]), spans((0, 0, 2, 1.0)))
    assert decoded(found) == ["\ufffd\ufffd"]


def test_the_best_answers_come_first_and_the_earlier_of_two_alike():
    given = spans((0, 1, 2, 0.2), (0, 3, 4, 0.5), (0, 5, 6, 0.2), (2, 7, 8, 0.3))
    answers, given = with_no_answer(tf.constant([*"abcd"]), given, tf.constant([0.2, 0.1, -1.0]))
    best = {name: values.numpy().tolist() for name, values in ranked(answers, given, tf.constant(3), 3).items()}
    assert best["answer"] == [[b"b", b"a", b"c"], [b"", b"", b""], [b"d", b"", b""]]
    assert best["start"] == [[3, 1, 5], [0, 0, 0], [7, 0, 0]]
    assert best["end"] == [[4, 2, 6], [0, 0, 0], [8, 0, 0]]
    np.testing.assert_allclose(best["score"], [[0.5, 0.2, 0.2], [0.1, 0, 0], [0.3, 0, 0]], rtol=1e-6)
    assert best["length"] == [3, 1, 1]


@pytest.mark.parametrize("rows", [0, 2])
def test_no_spans_give_no_answers(rows):
    answers, left = merged(tf.constant([""] * rows, tf.string), spans())
    best = ranked(answers, left, tf.constant(rows), 2)
    lengths = best.pop("length")
    assert lengths.numpy().tolist() == [0] * rows
    assert {values.shape for values in best.values()} == {(rows, 2)}
