"""What both tasks see of text, and what is left of it on either when a training is over."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.conftest import NEGATIVE, POSITIVE
from tfbert.models.bucketed_program import SEQUENCE_BUCKETS
from tfbert.tasks import TextClassifier
from tfbert.tasks.distiller import Distiller

TEXTS = [*POSITIVE[:3], *NEGATIVE[:3]]
LABELS = [0, 1, 2, 0, 1, 2]


@pytest.fixture
def teacher(trained_head):
    return trained_head()


@pytest.fixture
def student(fresh_classifier):
    """It cuts texts shorter than the teacher does, so that their ids are not the same."""
    return fresh_classifier(max_length=40)


def eager(student, teacher, **options):
    distiller = Distiller(student, teacher, **options)
    distiller.compile("sgd", run_eagerly=True)
    return distiller


def loss_of(distiller, *data):
    return distiller.evaluate(*data, verbose=0, return_dict=True)["loss"]


def test_compiled_steps_leave_student_and_teacher_as_they_were(student, teacher):
    for task in (student, teacher):
        task.compile("sgd", jit_compile=False)
    distiller = Distiller(student, teacher, precompute=False)
    distiller.compile("sgd", jit_compile=True)
    tokenizers = student.tokenizer, teacher.tokenizer
    features = next(iter(distiller.evaluation_dataset(TEXTS)))[0]
    assert features["input_ids"].shape[1] == features["teacher"]["input_ids"].shape[1] == SEQUENCE_BUCKETS[0]
    assert (student.jit_compile, teacher.jit_compile) == (False, False)
    assert (student.tokenizer, teacher.tokenizer) == tokenizers


def test_a_teacher_that_changes_answers_as_it_now_is(student, teacher):
    teacher.model.enable_lora(rank=2)
    adapter = teacher.model.bert.encoder.layers[0].attention.qkv
    adapter.lora_b.assign(adapter.lora_b + 0.5)
    distiller = Distiller(student, teacher)

    def answers():
        return next(iter(distiller.evaluation_dataset(TEXTS)))[0]["teacher"]

    before = answers()
    teacher.model.merge_lora()
    np.testing.assert_allclose(answers(), before, atol=1e-5)


def test_weight_files_hold_no_teacher(student, teacher, trained_head, tmp_path):
    distiller = Distiller(student, teacher)
    distiller.save_weights(tmp_path / "distiller.weights.h5")
    weight, of_teacher = student.model.trainable_weights[0], teacher.model.trainable_weights[0]
    learned, changed = weight.numpy(), of_teacher + 1.0
    weight.assign(learned + 1.0)
    of_teacher.assign(changed)
    distiller.load_weights(tmp_path / "distiller.weights.h5")
    np.testing.assert_array_equal(weight, learned)
    np.testing.assert_array_equal(of_teacher, changed)


def test_labels_and_answers_come_by_their_names(student, teacher):
    distiller = eager(student, teacher)
    assert loss_of(distiller, TEXTS, {"labels": LABELS}) == loss_of(distiller, TEXTS, LABELS)
    answers = teacher.predict(TEXTS, verbose=0)["logits"]
    for given in ({}, {"label": LABELS}, {"teacher": answers, "label": LABELS}):
        with pytest.raises(ValueError, match="has the keys 'labels', 'teacher' or both"):
            distiller.evaluate(TEXTS, given, verbose=0)
    with pytest.raises(ValueError, match=r"shape \(6, 3\).*Received: a list that is no such array"):
        distiller.evaluate(TEXTS, {"teacher": [[0.0, 1.0, 2.0], [0.0]] * 3}, verbose=0)


def test_ids_of_the_student_are_nothing_to_another_tokenizer(student, teacher, fresh_classifier):
    def ids(task):
        return tf.data.Dataset.from_tensor_slices((task.ids_of({"text": tf.constant(TEXTS)}), LABELS)).batch(6)

    with pytest.raises(ValueError, match="Give text, not ids"):
        eager(student, teacher).evaluate(ids(student), verbose=0)
    alike = eager(fresh_classifier(), teacher)
    assert loss_of(alike, ids(teacher)) == pytest.approx(loss_of(alike, TEXTS, LABELS), rel=1e-4)


def test_a_student_is_new_until_its_first_step(student, teacher, tmp_path):
    distiller = eager(student, teacher)
    with pytest.raises(ValueError, match="one entry for each text"):
        distiller.fit(TEXTS, [0], verbose=0)
    assert student.has_new_head
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras")
    distiller.fit(TEXTS, verbose=0, callbacks=[best])
    assert not student.has_new_head
    saved = keras.models.load_model(tmp_path / "best.keras")
    assert isinstance(saved, TextClassifier)
    assert not saved.has_new_head
