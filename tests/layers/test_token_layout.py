import numpy as np
import pytest
import tensorflow as tf

from tfbert.layers.token_layout import PackedLayout, PaddedLayout

MASK = np.array([[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]])
DENSE = np.arange(3 * 4 * 2, dtype=np.float32).reshape(3, 4, 2) + 1


def test_padded_layout_keeps_everything():
    layout = PaddedLayout(3, 4)
    flat = layout.flatten(tf.constant(DENSE))
    assert flat.shape == (12, 2)
    np.testing.assert_array_equal(layout.unflatten(flat), DENSE)


def test_packed_layout_keeps_real_tokens_and_first_positions():
    layout = PackedLayout(tf.constant(MASK))
    kept = (MASK > 0) | (np.arange(4) == 0)
    flat = layout.flatten(tf.constant(DENSE))
    np.testing.assert_array_equal(flat, DENSE[kept])
    np.testing.assert_array_equal(layout.unflatten(flat), DENSE * kept[..., None])


@pytest.mark.parametrize("trailing", [(), (2,), (2, 3)])
def test_any_trailing_shape_and_dynamic_sizes(trailing):
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None, *trailing])])
    def round_trip(mask, dense):
        layout = PackedLayout(mask)
        return layout.unflatten(layout.flatten(dense))

    dense = np.ones((3, 4, *trailing), np.float32)
    kept = (MASK > 0) | (np.arange(4) == 0)
    np.testing.assert_array_equal(round_trip(MASK.astype(np.int32), dense).numpy() > 0, (dense.T * kept.T).T > 0)


def test_empty_batch():
    layout = PackedLayout(tf.zeros([0, 2], tf.int32))
    flat = layout.flatten(tf.zeros([0, 2, 3]))
    assert flat.shape == (0, 3)
    assert layout.unflatten(flat).shape == (0, 2, 3)
