"""make_optimizer: schedules by name, clipping, accumulation, and what is refused."""

import pytest

from tfbert.training import CosineWarmup, LinearWarmup, make_optimizer


def test_options_reach_the_optimizer():
    optimizer = make_optimizer(10, 1.0, "cosine", 0.2, weight_decay=0.3, layer_decay=0.9, gradient_accumulation=4)
    assert isinstance(optimizer._learning_rate, CosineWarmup)
    assert [round(float(optimizer._learning_rate(step)), 3) for step in (0, 1, 2, 10)] == [0.0, 0.5, 1.0, 0.0]
    assert (optimizer.weight_decay, optimizer.layer_decay, optimizer.global_clipnorm) == (0.3, 0.9, 1.0)
    assert optimizer.gradient_accumulation_steps == 4
    plain = make_optimizer(10, 0.5, "constant", clip_norm=0)
    assert float(plain.learning_rate) == 0.5
    assert plain.global_clipnorm is None
    assert plain.gradient_accumulation_steps is None
    assert isinstance(make_optimizer(10)._learning_rate, LinearWarmup)


@pytest.mark.parametrize(
    ("options", "name"), [({"schedule": "step"}, "schedule"), ({"gradient_accumulation": 0}, "gradient_accumulation")]
)
def test_wrong_options_are_refused(options, name):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        make_optimizer(10, **options)
