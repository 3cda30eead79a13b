"""Learning rates that rise and fall."""

import keras
import numpy as np
import pytest

from tfbert.training import CosineWarmup, LinearWarmup

SCHEDULES = pytest.mark.parametrize("kind", [LinearWarmup, CosineWarmup])


@SCHEDULES
def test_edges_and_round_trip(kind):
    schedule = kind(2e-5, total_steps=100, warmup=0.25)
    rates = np.array([float(schedule(step)) for step in (*range(26), 100, 120)])
    assert rates.argmax() == 25
    assert rates.max() == pytest.approx(2e-5)
    assert rates[0] == rates[-2] == rates[-1] == 0
    np.testing.assert_allclose(np.diff(rates[:26]), 2e-5 / 25, rtol=1e-3)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert type(twin) is kind
    assert twin.get_config() == schedule.get_config()
    assert float(twin(50)) == float(schedule(50))


@pytest.mark.parametrize(
    ("kind", "falling"),
    [(LinearWarmup, lambda share: 1 - share), (CosineWarmup, lambda share: (1 + np.cos(np.pi * share)) / 2)],
)
def test_the_fall(kind, falling):
    schedule = kind(3.0, total_steps=50, warmup=0.2)
    shares = np.arange(41) / 40
    rates = [float(schedule(step)) for step in range(10, 51)]
    np.testing.assert_allclose(rates, 3.0 * falling(shares), atol=1e-6)


@SCHEDULES
def test_all_or_nothing_of_warmup(kind):
    assert float(kind(1.0, total_steps=10, warmup=0)(0)) == 1.0
    assert float(kind(1.0, total_steps=10, warmup=1)(9)) == pytest.approx(0.9)


@SCHEDULES
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"peak": 0, "total_steps": 1}, "`peak`"),
        ({"peak": 1, "total_steps": 0}, "`total_steps`"),
        ({"peak": 1, "total_steps": 1.5}, "`total_steps`"),
        ({"peak": 1, "total_steps": 1, "warmup": 2}, "`warmup`"),
    ],
)
def test_wrong_schedules_are_refused(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        kind(**arguments)
