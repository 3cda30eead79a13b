"""Comparing stored tensors with arrays."""

from pathlib import Path

import numpy as np

TF_CHECKPOINTS = Path(__file__).parents[1] / "fixtures" / "tf_checkpoints"


def expected(name):
    """The weights of a committed checkpoint by PyTorch's name, as transformers converts them."""
    with np.load(TF_CHECKPOINTS / name / "expected.npz") as arrays:
        return dict(arrays)


def assert_holds(tensors, arrays):
    """The same names, and bit-equal values in the same layout and type."""
    assert sorted(tensors) == sorted(arrays)
    for name, array in arrays.items():
        values = tensors[name].load()
        assert tensors[name].shape == values.shape == array.shape, name
        assert tensors[name].dtype == values.dtype.name == array.dtype.name, name
        np.testing.assert_array_equal(values, array, err_msg=name)
