"""Pipelines over a served model, of whose export more or less is known."""

import types

import numpy as np
import pytest

from tests.serving.conftest import ROWS
from tfbert.serving.client.remote_task import RemoteTask
from tfbert.serving.client.task_of_keys import KEYS, task_of_keys
from tfbert.tasks.pipelines.text_classifier_pipeline import TextClassifierPipeline
from tfbert.tasks.registry import TASKS

CLIENT = types.SimpleNamespace(
    where="http://127.0.0.1:8501, model 'stars'", predict=lambda x, batch_size: {"score": np.full(len(x["text"]), 3.5)}
)


def test_a_regression_needs_the_name_of_its_number():
    metadata = {"labels": ["stars"], "options": {"top_k": None}}
    rate = TextClassifierPipeline(RemoteTask(CLIENT, "text-classification", metadata))
    assert rate(["Lovely", "Bad"]) == [{"label": "stars", "score": 3.5}] * 2
    assert rate("Lovely", top_k=None) == [{"label": "stars", "score": 3.5}]
    unnamed = TextClassifierPipeline(RemoteTask(CLIENT, "text-classification", {}))
    with pytest.raises(ValueError, match=r"model 'stars' returns numbers without their names.*task=json\.load"):
        unnamed(["Lovely"])


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        (["text"], ["score"], "text-classification"),
        (["text", "text_pair"], ["score"], "text-classification"),
        (["text", "text_pair"], ["label", "score", "labels", "scores", "logits"], "text-classification"),
        (["text", "text_pair"], ["label", "score"], "next-sentence-prediction"),
        (["input_ids", "attention_mask", "token_type_ids"], ["logits"], None),
        (["text"], ["input_ids", "attention_mask", "token_type_ids"], None),
        ([], [], None),
    ],
)
def test_the_keys_tell_the_task(inputs, outputs, expected):
    assert task_of_keys(inputs, outputs) == expected


def test_no_two_tasks_have_the_same_keys():
    assert KEYS.keys() == TASKS.keys()
    for task, (inputs, outputs) in KEYS.items():
        assert task_of_keys(inputs, outputs) == task
    assert len(ROWS) == len(KEYS)
