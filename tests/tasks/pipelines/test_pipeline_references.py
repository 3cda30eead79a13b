"""The pipelines' references are whole, and their texts have the ids that the peer saw."""

import json

import pytest

import tfbert
from tests.tasks.pipelines.cases import CASES
from tests.tasks.pipelines.models import MAX_LENGTH
from tests.tasks.pipelines.references import REFERENCES, make_folder, references, whole
from tests.tasks.pipelines.texts import CONTEXTS, LONG_TEXTS, TEXTS

LEAST_GAP = 1e-4


def texts_in(value):
    """Every string of a call's input."""
    if isinstance(value, str):
        return {value}
    parts = value.values() if isinstance(value, dict) else value
    return {text for part in parts for text in texts_in(part)}


@pytest.mark.parametrize("task", CASES)
def test_every_case_is_there_and_no_tie_decides(task):
    found = references(task)
    cases = CASES[task]()
    assert [(case.name, case.model, case.options, case.made_with) for case in cases] == [
        (reference.name, reference.model, reference.options, reference.made_with) for reference in found
    ]
    for case, reference in zip(cases, found):
        assert len(reference.inputs) == len(reference.outputs) >= 1
        assert all(value in case.inputs for value in reference.inputs)
        assert reference.gap > LEAST_GAP
    assert max(len(texts_in(reference.inputs)) for reference in found) >= 40
    assert any(LONG_TEXTS["5000 words"] in text for reference in found for text in texts_in(reference.inputs))


def test_answers_of_many_windows_stand_at_their_borders():
    for name in ("default", "top 3", "narrow windows"):
        (reference,) = [reference for reference in references("question-answering") if reference.name == name]
        marked = [value["context"] for value, at_border in zip(reference.inputs, reference.at_border) if at_border]
        assert set(marked) & {*CONTEXTS.values(), *LONG_TEXTS.values()}, name


@pytest.mark.parametrize("model", ["words", "words_cased"])
def test_texts_have_the_ids_that_the_peer_saw(tmp_path, model):
    rows = [row for row in whole(json.loads((REFERENCES / "tokens.json").read_text()), {}) if row["model"] == model]
    assert [row["text"] for row in rows] == TEXTS
    tokenizer = tfbert.BertTokenizer.from_pretrained(make_folder(tmp_path, model))
    assert tokenizer.model_max_length == MAX_LENGTH
    assert tokenizer(TEXTS, truncation=True)["input_ids"] == [row["input_ids"] for row in rows]
