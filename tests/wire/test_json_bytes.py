"""Large answers, written in steps, are those written at once."""

import json

import numpy as np
import pytest

from tfbert.wire.json_answers import predict_answer
from tfbert.wire.json_bytes import predict_bytes
from tfbert.wire.json_tensors import JsonError

DICE = np.random.default_rng(0)
STRINGS = np.array([["é", "\0"]] * 4, object)
NUMBERS = {"x": DICE.normal(size=[4, 50, 90]).astype(np.float32), "n": np.arange(4)}
ANSWERS = [
    {"x": NUMBERS["x"]},
    {**NUMBERS, "s": STRINGS, "label": np.array([b"a"] * 4, object), "y_bytes": np.array([b"\xff"] * 4, object)},
    {"x": DICE.normal(size=9000)},
    {"flags": DICE.normal(size=[3, 9000]) > 0, "empty": np.zeros([3, 0])},
]


@pytest.mark.parametrize("is_rows", [True, False])
@pytest.mark.parametrize("outputs", ANSWERS)
def test_steps_give_the_same(outputs, is_rows):
    assert json.loads(predict_bytes(outputs, is_rows)) == json.loads(json.dumps(predict_answer(outputs, is_rows)))


def test_a_scalar_has_no_rows():
    assert (
        predict_bytes({"x": np.array(1.5), "s": np.array(b"a", object)}, False) == b'{"outputs": {"s": "a", "x": 1.5}}'
    )
    with pytest.raises(JsonError, match="no rows"):
        predict_bytes({"x": np.array(1.5)}, True)
