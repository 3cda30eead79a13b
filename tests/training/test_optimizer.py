import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.training import BertAdamW, LinearWarmup


def test_schedule_round_trip_and_edges():
    schedule = LinearWarmup(2e-5, total_steps=100, warmup=0.25)
    rates = np.array([float(schedule(step)) for step in range(0, 121)])
    assert rates.argmax() == 25
    assert rates.max() == pytest.approx(2e-5)
    assert rates[0] == rates[100] == rates[120] == 0
    np.testing.assert_allclose(np.diff(rates[:26]), 2e-5 / 25, rtol=1e-3)
    np.testing.assert_allclose(np.diff(rates[25:101]), -2e-5 / 75, rtol=1e-3)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert twin.get_config() == schedule.get_config()


def test_schedule_without_warmup_starts_at_the_peak():
    assert float(LinearWarmup(1.0, total_steps=10, warmup=0)(0)) == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"peak": 0, "total_steps": 1}, "`peak`"),
        ({"peak": 1, "total_steps": 0}, "`total_steps`"),
        ({"peak": 1, "total_steps": 1.5}, "`total_steps`"),
        ({"peak": 1, "total_steps": 1, "warmup": 2}, "`warmup`"),
    ],
)
def test_wrong_schedules_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LinearWarmup(**arguments)


def test_decay_spares_biases_and_norms_also_after_a_reload():
    for optimizer in (BertAdamW(0.1, weight_decay=0.5), BertAdamW.from_config(BertAdamW(0.1, 0.5).get_config())):
        names = ("kernel", "bias", "gamma", "beta")
        variables = [keras.Variable(np.ones(3, np.float32), name=name) for name in names]
        optimizer.build(variables)
        optimizer.apply([tf.zeros(3)] * 4, variables)
        values = {variable.name: variable.numpy()[0] for variable in variables}
        assert values["kernel"] == pytest.approx(1 - 0.1 * 0.5)
        assert values["bias"] == values["gamma"] == values["beta"] == 1
