"""Greedy and beam search write the texts that PyTorch's `generate` writes."""

import json

import numpy as np
import pytest

from tests.models.generation_cases import CALLS, MODELS, PAD
from tests.models.model_cases import REFERENCES, stream
from tests.models.reference_models import as_tensors, make_model

SEQUENCES = json.loads((REFERENCES / "generation.json").read_text())
BY_SEARCH = [[name for name in SEQUENCES if ("beams 1" in name) == greedy] for greedy in (True, False)]
# The others run under the marker `exhaustive`.
SAMPLE = [name for names in BY_SEARCH for name in sorted(stream("sample").permutation(names)[:7].tolist())]


def generated(name, **options):
    call = CALLS[name]
    model = make_model("BertLMHeadModel", MODELS[call.model])
    return np.asarray(model.generate(**as_tensors(call.inputs), **{**call.options, "do_sample": False, **options}))


def check(name):
    np.testing.assert_array_equal(generated(name), SEQUENCES[name])


@pytest.mark.parametrize("name", SAMPLE)
def test_generate(name):
    check(name)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [name for name in SEQUENCES if name not in SAMPLE])
def test_generate_with_all_options(name):
    check(name)


def test_beams_are_padded_with_a_pad_token_of_zero():
    """PyTorch fills with the end token there; greedy search and ours fill with 0."""
    name = next(name for name in SEQUENCES if "five/beams 4" in name and "end" in name)
    texts = np.array(SEQUENCES[name])
    ends = np.isin(texts, CALLS[name].options["eos_token_id"]) & (np.arange(texts.shape[1]) >= 5)
    after = np.cumsum(ends, axis=1) - ends > 0
    assert (texts[after] == PAD).all()
    assert after.any()
    np.testing.assert_array_equal(generated(name, pad_token_id=0), np.where(after, 0, texts))
