import copy
import pickle

import keras
import pytest
import tensorflow as tf

from tfbert.outputs import TFSequenceClassifierOutput


def test_output_reads_by_attribute_key_index_and_as_tuple():
    output = TFSequenceClassifierOutput(attentions=("a",), logits="l")
    assert output.logits == output["logits"] == output[0] == "l"
    assert output[1] == output[-1] == ("a",)
    assert output[:1] == ("l",)
    assert output.to_tuple() == ("l", ("a",))
    assert list(output.keys()) == ["logits", "attentions"]


def test_fields_without_value_are_dropped_but_read_as_none():
    output = TFSequenceClassifierOutput(loss=None, logits="l")
    assert output.loss is None
    assert "loss" not in output
    with pytest.raises(KeyError):
        output["loss"]


def test_assignment_changes_every_reading():
    output = TFSequenceClassifierOutput(logits=1)
    output.logits = 2
    output.loss = 3
    assert (output["logits"], output[-1], output.to_tuple()) == (2, 3, (2, 3))


def test_unknown_fields_are_refused():
    with pytest.raises(TypeError, match="has the fields"):
        TFSequenceClassifierOutput(scores=1)
    with pytest.raises(AttributeError, match="no field 'scores'"):
        _ = TFSequenceClassifierOutput(logits=1).scores


def test_output_survives_copies_and_both_tree_libraries():
    output = TFSequenceClassifierOutput(loss=1.0, logits=2.0)
    for twin in (
        copy.copy(output),
        copy.deepcopy(output),
        pickle.loads(pickle.dumps(output)),
        tf.nest.map_structure(lambda x: x, output),
        keras.tree.map_structure(lambda x: x, output),
    ):
        assert type(twin) is TFSequenceClassifierOutput
        assert twin == output
