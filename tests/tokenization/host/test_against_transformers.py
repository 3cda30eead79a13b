"""Every method against what transformers 5 answered (tests/fixtures/make_host_tokenizer.py)."""

import functools
import json
from pathlib import Path

import pytest

from tests.fixtures.make_host_tokenizer import construct, run
from tfbert import BertTokenizer

RECORDED = json.loads((Path(__file__).parents[2] / "fixtures" / "host_tokenizer.json").read_text(encoding="utf-8"))


@functools.cache
def shared(options):
    """The tokenizer of cases that do not change it."""
    return construct(BertTokenizer, json.loads(options))


@pytest.mark.filterwarnings("ignore:`max_length` does nothing")
@pytest.mark.parametrize("number", range(len(RECORDED["cases"])))
def test_answers_are_those_of_transformers(number):
    case = RECORDED["cases"][number]
    steps = [entry["step"] for entry in case["steps"]]
    changing = {"set", "add_tokens", "add_special_tokens"} & {name for name, *_ in steps}
    tokenizer, failure = (shared.__wrapped__ if changing else shared)(json.dumps(case["options"]))
    assert failure == case["error"]
    answers = run(tokenizer, steps) if tokenizer is not None else []
    for entry, answer in zip(case["steps"], answers, strict=True):
        expected = entry["tfbert"]["answer"] if "tfbert" in entry else entry["answer"]
        if isinstance(expected, dict) and set(expected) == {"error"}:
            assert answer == expected, entry["step"]
        else:
            assert json.loads(json.dumps(answer)) == expected, entry["step"]


def test_what_differs_on_purpose_still_differs():
    for case in RECORDED["cases"]:
        for entry in case["steps"]:
            if "tfbert" in entry:
                assert entry["tfbert"]["answer"] != entry["answer"], entry["step"]
