"""Whether a pipeline's answer is the one that Hugging Face's gave."""

import pytest


def assert_same_answers(found, expected):
    """The same nesting, keys in the same order, strings and whole numbers; scores to 1e-5."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same_answers(found[key], value)
    elif isinstance(expected, list):
        assert isinstance(found, list)
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert_same_answers(one, other)
    else:
        assert type(found) is type(expected)
        assert found == (pytest.approx(expected, abs=1e-5) if isinstance(expected, float) else expected)


def called(pipe, case):
    """What the calls of a case return; texts go together, as batches must not matter."""
    if all(isinstance(value, str) for value in case.inputs) and len(case.inputs) > 1:
        return pipe(list(case.inputs), **case.options)
    return [pipe(value, **case.options) for value in case.inputs]
