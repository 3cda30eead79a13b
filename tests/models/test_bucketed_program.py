"""`execution="xla"`: rows and positions padded to buckets, compiled, and cut back; the programs counted."""

import itertools
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert import (
    BertConfig,
    TFBertForMultipleChoice,
    TFBertForQuestionAnswering,
    TFBertForTokenClassification,
    TFBertLMHeadModel,
    TFBertModel,
)
from tfbert.models.bucketed_program import bucket_of, bucket_shapes, sequence_buckets

CONFIG = {
    "vocab_size": 99,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
}
RANDOM = np.random.default_rng(0)


def pair(model_class, **fields):
    """The same weights, padded and compiled."""
    padded, compiled = (model_class(BertConfig(**CONFIG, **fields), execution=name) for name in ("padded", "xla"))
    compiled.set_weights(padded.get_weights())
    return padded, compiled


def ids_and_mask(*shape):
    ids = RANDOM.integers(1, 99, shape)
    lengths = RANDOM.integers(1, shape[-1] + 1, shape[:-1])
    return ids, (np.arange(shape[-1]) < lengths[..., None]).astype(np.int32)


def check(model_class, *shape, **more):
    padded, compiled = pair(model_class)
    ids, mask = ids_and_mask(*shape)
    expected, found = (model(ids, attention_mask=mask, **more) for model in (padded, compiled))
    assert list(found) == list(expected)
    for name in expected:
        for one, other in zip(tf.nest.flatten(found[name]), tf.nest.flatten(expected[name])):
            assert one.shape == other.shape, name
            np.testing.assert_allclose(one, other, atol=2e-6, err_msg=name)


def test_states_as_padded():
    check(TFBertModel, 3, 21, output_hidden_states=True, position_ids=np.arange(21)[None, ::-1])


@pytest.mark.parametrize(
    ("model_class", "shape"),
    [
        (TFBertForQuestionAnswering, (3, 40)),
        (TFBertForMultipleChoice, (2, 3, 5)),
        (TFBertForTokenClassification, (1, 1)),
    ],
)
def test_logits_as_padded(model_class, shape):
    check(model_class, *shape)


def test_no_rows():
    model = TFBertModel(BertConfig(**CONFIG), execution="xla")
    assert model(np.zeros((0, 5), np.int32)).last_hidden_state.shape == (0, 5, 16)


def test_what_cannot_be_padded_runs_uncompiled():
    padded, compiled = pair(TFBertModel)
    ids, mask = ids_and_mask(2, 7)
    for more in ({"output_attentions": True}, {"attention_mask": np.repeat(mask[:, None], 7, axis=1)}):
        for expected, found in zip(padded(ids, **more).to_tuple(), compiled(ids, **more).to_tuple()):
            np.testing.assert_array_equal(*(tf.nest.flatten(part)[0] for part in (found, expected)))
    assert compiled._program is None


@pytest.mark.parametrize(
    ("ids", "more", "message"),
    [
        ([[99]], {}, "`input_ids` must lie from 0 to 98"),
        ([[-1]], {}, "`input_ids` must lie from 0 to 98"),
        ([[5]], {"token_type_ids": [[2]]}, "`token_type_ids` must lie from 0 to 1"),
        ([[5]], {"position_ids": [[40]]}, "`position_ids` must lie from 0 to 39"),
        ([[5] * 41], {}, "at most 40 positions"),
    ],
)
def test_what_xla_would_clamp_is_refused_in_graphs(ids, more, message):
    model = TFBertModel(BertConfig(**CONFIG), execution="xla")
    inputs = {"input_ids": ids, **more}
    specs = {name: tf.TensorSpec([None, None], tf.int32) for name in inputs}
    run = tf.function(lambda given: model(given).last_hidden_state, input_signature=[specs])
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run({name: tf.constant(value) for name, value in inputs.items()})


def test_symbolic_calls_keep_static_shapes_and_leave_dropout_alone():
    model = TFBertModel(BertConfig(**CONFIG), execution="xla")
    symbolic = model(keras.Input((8,), dtype="int32"), training=True)
    assert (symbolic.last_hidden_state.shape, symbolic.pooler_output.shape) == ((None, 8, 16), (None, 16))
    ids = np.ones((2, 8), np.int32)
    draws = [model(ids, training=True).last_hidden_state.numpy() for _ in range(2)]
    step = tf.function(lambda: model(ids, training=True).last_hidden_state)
    draws += [step().numpy() for _ in range(2)]
    assert all(np.abs(one - other).max() > 1e-3 for one, other in itertools.pairwise(draws))


def test_flags_of_any_kind():
    model = TFBertModel(BertConfig(**CONFIG), execution="xla")
    ids = np.array([[5, 6, 7]])
    expected = model(ids).last_hidden_state
    shown = model(ids, output_hidden_states=np.bool_(True), output_attentions=False, training=tf.constant(False))
    np.testing.assert_allclose(shown.last_hidden_state, expected, atol=2e-6)
    assert len(shown.hidden_states) == 2


def test_steps_of_fit_as_padded():
    models = pair(TFBertForTokenClassification, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    ids, mask = ids_and_mask(4, 9)
    losses = []
    for model in models:
        model.compile("sgd", run_eagerly=model is models[0])
        inputs, labels = {"input_ids": ids, "attention_mask": mask}, np.where(mask, ids % 2, -100)
        losses.append(model.fit(inputs, labels, batch_size=2, shuffle=False, verbose=0).history["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_a_changed_model_is_compiled_anew():
    model = TFBertModel(BertConfig(**CONFIG), execution="xla")
    ids = np.array([[5, 6, 7]])
    before = model(ids).last_hidden_state
    model.prune_heads({0: [0]})
    assert np.abs(before - model(ids).last_hidden_state).max() > 1e-4


@pytest.mark.parametrize(("gpus", "chosen"), [(["GPU:0"], "xla"), ([], "packed")])
def test_a_gpu_decides_for_xla(monkeypatch, gpus, chosen):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    model = TFBertModel(BertConfig(**CONFIG))
    assert model.bert.chosen_execution == chosen
    with model.exported_execution(jit_compile=False):
        assert model.bert.chosen_execution == "packed"
    with model.exported_execution(jit_compile=True):
        assert model.bert.chosen_execution == "xla"
    assert model.bert.execution == "auto"


def test_buckets():
    assert sequence_buckets(512) == (16, 32, 48, 64, 96, 128, 192, 256, 384, 512)
    for size, bucket in ((0, 16), (16, 16), (17, 32), (40, 40), (41, 41)):
        assert bucket_of(size, sequence_buckets(40)) == bucket
        assert int(bucket_of(tf.constant(size), sequence_buckets(40))) == bucket
    assert list(bucket_shapes([3, 4, 1], 40, 17)) == [(1, 16), (1, 32), (4, 16), (4, 32)]


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        (
            lambda: TFBertModel(BertConfig(**CONFIG), execution="xla"),
            {"batch_sizes": 8},
            "`batch_sizes` must be a list",
        ),
        (
            lambda: TFBertModel(BertConfig(**CONFIG), execution="xla"),
            {"batch_sizes": []},
            "`batch_sizes` must be a list",
        ),
        (lambda: TFBertModel(BertConfig(**CONFIG), execution="packed"), {}, "`execution` is 'packed'"),
        (lambda: TFBertLMHeadModel(BertConfig(**CONFIG, is_decoder=True), execution="xla"), {}, "a decoder"),
        (lambda: TFBertModel(BertConfig(**CONFIG), execution="xla"), {"max_length": 41}, "at most 40"),
        (lambda: TFBertModel(BertConfig(**CONFIG), execution="xla"), {"batch_sizes": [0]}, "`batch_sizes` must be"),
        (lambda: TFBertModel(BertConfig(**CONFIG), execution="fast"), {}, "`execution` must be one of"),
    ],
)
def test_wrong_use(model, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        model().warm_up(**arguments)


@pytest.mark.slow
def test_as_many_programs_as_buckets(module_folder, tmp_path):
    """A process of its own, since XLA reads only once where to write what it compiles."""
    script = Path(__file__).with_name("count_programs.py")
    command = [sys.executable, str(script), str(module_folder("classifier_single_label")), str(tmp_path)]
    counts = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    # Two sequence buckets (16 and 32) by three of rows (1, 2 and 4): first the model in memory, warmed up, then 15
    # lengths of text in batches of three sizes; then the same of the SavedModel, which begins with nothing compiled.
    assert counts == ["6", "6", "6", "6"]
