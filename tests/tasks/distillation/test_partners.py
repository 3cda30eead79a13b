"""Which teacher a student may have, and what becomes of its classes."""

import numpy as np
import pytest

from tests.tasks.conftest import POSITIVE
from tfbert.tasks import ZeroShotClassifier
from tfbert.tasks.distiller import Distiller

NAMES = {0: "no", 1: "yes"}


def test_a_teacher_that_was_never_trained_is_refused(fresh_classifier):
    student, teacher = fresh_classifier(), fresh_classifier(id2label=NAMES)
    with pytest.raises(ValueError, match=r"never trained.*teacher\.has_new_head = False"):
        Distiller(student, teacher)
    assert student.learns_labels
    teacher.has_new_head = False
    Distiller(student, teacher)
    assert student.label_names() == ["no", "yes"]


@pytest.mark.parametrize("options", [{"num_labels": 2}, {"problem_type": "multi_label_classification"}])
def test_a_student_that_was_made_for_something_else_is_not_changed(trained_head, fresh_classifier, options):
    student = fresh_classifier(**options)
    with pytest.raises(ValueError, match=r"must have the teacher's classes, .*, single_label_classification"):
        Distiller(student, trained_head())
    assert student.learns_labels
    assert student.config.has_default_labels


def test_a_head_that_has_learned_is_kept(trained_head, fresh_classifier):
    teacher, student = trained_head("regression"), fresh_classifier(num_labels=1)
    student.training_dataset(POSITIVE[:2], [0.5, -0.5], learn=True)  # as `fit` begins
    before = student.model.classifier.dense.kernel.numpy()
    Distiller(student, teacher)
    np.testing.assert_array_equal(student.model.classifier.dense.kernel, before)
    assert student.label_names() == teacher.label_names()


def test_classifiers_of_candidate_labels_are_no_partners(tiny_folder, trained_head):
    of_candidates = ZeroShotClassifier.from_pretrained(tiny_folder("model_gelu_l2"), id2label={0: "entail", 1: "not"})
    with pytest.raises(TypeError, match=r"must both be TextClassifiers.*ZeroShotClassifier"):
        Distiller(of_candidates, trained_head())
