import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit, rel_entr, softmax

from tfbert.training.losses.distillation_losses import mean_of_rows, teacher_loss
from tfbert.training.losses.hidden_state_match import HiddenStateMatch, layers_to_match

TEACHER = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]], np.float32)
STUDENT = np.array([[1.0, 0.0, 0.5], [-1.0, 0.5, 4.0]], np.float32)


def loss_of(problem_type, temperature=1.0, student=STUDENT):
    return teacher_loss(problem_type, tf.constant(TEACHER), tf.constant(student), temperature).numpy()


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_one_class_a_row_compares_distributions(temperature):
    expected = temperature**2 * rel_entr(softmax(TEACHER / temperature, 1), softmax(STUDENT / temperature, 1)).sum(1)
    np.testing.assert_allclose(loss_of("single_label_classification", temperature), expected, rtol=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_several_labels_a_row_are_compared_one_by_one(temperature):
    of_teacher, of_student = expit(TEACHER / temperature), expit(STUDENT / temperature)
    each = rel_entr(of_teacher, of_student) + rel_entr(1 - of_teacher, 1 - of_student)
    found = loss_of("multi_label_classification", temperature)
    np.testing.assert_allclose(found, temperature**2 * each.mean(1), rtol=1e-4)


def test_numbers_are_compared_as_they_are():
    np.testing.assert_allclose(loss_of("regression", 5.0), ((TEACHER - STUDENT) ** 2).mean(1), rtol=1e-6)


@pytest.mark.parametrize("problem_type", ["single_label_classification", "multi_label_classification", "regression"])
def test_a_student_that_answers_alike_has_nothing_to_learn(problem_type):
    np.testing.assert_allclose(loss_of(problem_type, 2.0, TEACHER), 0.0, atol=1e-6)


def test_a_hot_gradient_is_as_large_as_that_of_the_difference_of_logits():
    student = tf.Variable(STUDENT)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(teacher_loss("single_label_classification", TEACHER, student, 1e3))
    centred = (STUDENT - STUDENT.mean(1, keepdims=True)) - (TEACHER - TEACHER.mean(1, keepdims=True))
    np.testing.assert_allclose(tape.gradient(loss, student), centred / 3, atol=1e-2)  # Hinton et al., equation 4


def test_weights_scale_rows_and_masked_positions_do_not_count():
    losses = tf.constant([[1.0, 2.0, 100.0], [3.0, 100.0, 100.0]])
    mask = tf.constant([[1, 1, 0], [1, 0, 0]])
    assert float(mean_of_rows(losses, None, mask)) == 2.0
    assert float(mean_of_rows(losses, tf.constant([2.0, 0.0]), mask)) == 2.0
    assert float(mean_of_rows(losses[:, 0], tf.constant([1.0, 3.0]))) == 5.0
    assert float(mean_of_rows(losses, None, tf.zeros_like(mask))) == 0.0


def test_hidden_states_of_one_width_are_compared_as_they_are():
    states = np.random.default_rng(0).normal(size=(5, 2, 3, 4)).astype(np.float32)
    match = HiddenStateMatch({1: 2, 0: 1}, 4, 4)
    expected = ((states[0] - states[3]) ** 2 + (states[1] - states[4]) ** 2).mean(-1) / 2
    np.testing.assert_allclose(match(list(states[:2]), list(states[2:])), expected, rtol=1e-5)
    assert not match.trainable_weights
    first = HiddenStateMatch({1: 2, 0: 1}, 4, 4, first_only=True)
    np.testing.assert_allclose(first(list(states[:2]), list(states[2:])), expected[:, :1], rtol=1e-5)


def test_a_projection_learns_where_widths_differ():
    keras.utils.set_random_seed(0)
    student = tf.random.normal([8, 3, 4])
    teacher = student @ tf.random.normal([4, 6])
    match = HiddenStateMatch({0: 0}, 4, 6)
    optimizer = keras.optimizers.Adam(0.1)
    for _ in range(100):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(match([student], [teacher]))
        optimizer.apply(tape.gradient(loss, match.trainable_weights), match.trainable_weights)
    assert float(loss) < 1e-2


def test_layers_are_spread_evenly():
    assert layers_to_match("uniform", 4, 12, with_embeddings=True) == {0: 0, 1: 3, 2: 6, 3: 9, 4: 12}
    assert layers_to_match("uniform", 2, 3, with_embeddings=False) == {1: 2, 2: 3}
    assert layers_to_match({2: 1}, 2, 3, with_embeddings=False) == {2: 1}


@pytest.mark.parametrize("given", ["last", {}, {3: 1}, {1: 4}, {-1: 1}, {True: 1}, {1: 1.5}, [1, 2]])
def test_layers_that_are_not_there_are_refused(given):
    with pytest.raises(ValueError, match="layers of the student, 0 to 2, to layers of the teacher, 0 to 3"):
        layers_to_match(given, 2, 3, with_embeddings=True)
