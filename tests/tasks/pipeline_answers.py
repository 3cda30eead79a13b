"""Comparison of a pipeline's answers with its reference."""


def assert_same(found, expected, tolerance=1e-5):
    """The same nesting, keys in their order, types and strings; numbers within the tolerance."""
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same(found[key], value, tolerance)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert_same(one, other, tolerance)
    elif isinstance(expected, float):
        assert abs(found - expected) <= tolerance
    else:
        assert found == expected
