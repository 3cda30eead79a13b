"""Answers of two ways to ask: the same names, strings, and numbers up to rounding."""

import numpy as np


def assert_same_arrays(found, expected):
    assert set(found) == set(expected)
    for name, values in expected.items():
        if values.dtype == object:
            assert found[name].tolist() == values.tolist()
        else:
            np.testing.assert_allclose(found[name], values, atol=1e-5)
