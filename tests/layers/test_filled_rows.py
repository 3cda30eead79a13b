"""FilledRows: texts share rows of attention, and none of them notices."""

import numpy as np
import pytest
import tensorflow as tf

from tfbert.layers.filled_rows import FilledRows
from tfbert.layers.token_layout import PackedLayout

HEADS, HEAD_SIZE = 2, 3
LENGTHS = {
    "mixed": [3, 9, 1, 1, 4, 5, 9, 2, 2, 2],
    "equal": [4, 4, 4],
    "one": [7],
    "one long": [1, 1, 1, 12, 1, 1],
    "many short": [1] * 40 + [6],
    "many": [9, 8] * 33,  # enough for tokens and rows to be rounded up
}


def mask_of(lengths, side="right"):
    places = np.arange(max(lengths))
    places = places[::-1] if side == "left" else places
    return (places < np.array(lengths)[:, None]).astype(np.int32)


def attend(rows, bias, flat):
    query, key, value = rows.split_heads(flat, 3, HEADS)
    scores = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) + bias)
    return rows.merge_heads(tf.matmul(scores, value))


def one_text_a_row(mask):
    """The layout and the bias with which every text has a row of its own."""
    layout = PackedLayout(mask)
    return layout, tf.where(mask[:, None, None] > 0, 0.0, tf.float32.min)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", LENGTHS)
def test_attention_and_gradients_are_those_of_one_text_a_row(name, side):
    mask = tf.constant(mask_of(LENGTHS[name], side))
    layout, bias = one_text_a_row(mask)
    rows = FilledRows(layout, mask)
    count = int(tf.size(layout.positions))
    flat = tf.random.stateless_normal([count, 3 * HEADS * HEAD_SIZE], [1, 2])
    weights = tf.random.stateless_normal([count, HEADS * HEAD_SIZE], [3, 4])
    results = []
    for form, added in ((layout, bias), (rows, rows.bias)):
        with tf.GradientTape() as tape:
            tape.watch(flat)
            context = attend(form, added, flat)
            total = tf.reduce_sum(context * weights)
        results.append((context, tf.convert_to_tensor(tape.gradient(total, flat))))
    for found, expected in zip(results[1], results[0]):
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", LENGTHS)
def test_rows_take_texts_in_order_as_long_as_they_fit(name):
    lengths = LENGTHS[name]
    width, filled = 8 * -(-max(lengths) // 8), []
    for length in lengths:
        if filled and filled[-1] + length <= width:
            filled[-1] += length
        else:
            filled.append(length)
    if len(filled) > 32:
        filled += [0] * (-len(filled) % 8)
    mask = tf.constant(mask_of(lengths))
    bias = FilledRows(PackedLayout(mask), mask).bias
    assert bias.shape == (len(filled), 1, width, width)
    seen = sum(length**2 for length in lengths) + sum((width - used) ** 2 for used in filled)  # empty places see such
    assert int(tf.math.count_nonzero(bias == 0.0)) == seen


def test_masks_with_holes_and_without_tokens():
    mask = tf.constant([[0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 1]])
    layout, bias = one_text_a_row(mask)
    rows = FilledRows(layout, mask)
    flat = tf.random.stateless_normal([int(tf.size(layout.positions)), 3 * HEADS * HEAD_SIZE], [5, 6])
    found, expected = attend(rows, rows.bias, flat).numpy(), attend(layout, bias, flat).numpy()
    kept = [0, 1, 2, 4, 5]  # a text without tokens keeps its first place, which then sees itself only
    np.testing.assert_allclose(found[kept], expected[kept], atol=1e-6)
    np.testing.assert_allclose(found[3], flat.numpy()[3, 2 * HEADS * HEAD_SIZE :], atol=1e-6)


def test_an_empty_batch_has_no_rows():
    mask = tf.zeros([0, 2], tf.int32)
    rows = FilledRows(PackedLayout(mask), mask)
    assert rows.bias.shape == (0, 1, 8, 8)
    assert attend(rows, rows.bias, tf.zeros([0, 3 * HEADS * HEAD_SIZE])).shape == (0, HEADS * HEAD_SIZE)
