"""Distiller: a small task learns to answer as a large one does."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import keras
import tensorflow as tf

from tfbert.option_checks import check_flag
from tfbert.tasks.base.batch_source import is_batch_source
from tfbert.tasks.base.text_dataset import is_tokenized
from tfbert.tasks.distillation.distillation_data import LABELS, TEACHER, DistillationData
from tfbert.training.distributed.replicas import part_of_loss
from tfbert.training.losses.distillation_losses import mean_of_rows, teacher_loss
from tfbert.training.losses.hidden_state_match import HiddenStateMatch, layers_to_match
from tfbert.training.losses.label_losses import IGNORED_LABEL, problem_type_of
from tfbert.training.objective import Objective


class Distiller(DistillationData):
    """Trains a student, a task, to answer as its teacher, a task of the same kind; with labels or without.

    The loss is `alpha` times the student's own loss on labels, plus 1 - `alpha` times the loss against the teacher's
    answers (`teacher_loss`), plus `hidden_weight` times the difference of hidden states. Without labels the teacher's
    answers count in full, and metrics compare with them; where the classes of some texts only are known, give -100 for
    the others. `fit`, `evaluate` and `predict` take text in every form that the student takes.

    Each tokenizes for itself, so that the student may have a vocabulary of its own; only the tokenizers of two
    TokenClassifiers must be equal. A student whose classes nobody has named takes the teacher's. The teacher, whose
    head must have been trained, learns nothing. What is trained, and what `save` and `export` write, is
    `distiller.student`: an ordinary task.

    Args:
        student: `TextClassifier`, `TokenClassifier` or `TextEmbedder`.
        teacher: A task of the same kind, with the same classes, or vectors of the same width.
        temperature: float, default 2.0. Divides the logits of both in the loss against the teacher's answers.
        alpha: float from 0 to 1, default 0.5. The share of the labels.
        hidden_states: None, "uniform", or dict from layer of the student to layer of the teacher, default None. Which
            hidden states to compare, 0 being the embeddings; "uniform" spreads the student's layers over the teacher's.
            Compared are all tokens, or where the tokenizers differ, [CLS]. TextEmbedders compare their vectors only.
        hidden_weight: float, default 1.0.
        precompute: bool, default True. Let the teacher answer the texts of lists and arrays once, before the first
            epoch, instead of in each step; where it has one answer a text and no hidden states are compared. Answers
            may also be given, `y={"teacher": teacher.predict(texts)["logits"]}`, beside labels as
            `y={"labels": …, "teacher": …}`.
        **kwargs: `name` of the Keras model.

    Raises:
        TypeError: If the two are no tasks of one kind.
        ValueError: If their classes, widths or tokenizers do not go together, the teacher's head was never trained, or
            an option is out of range.

    Example:
        >>> distiller = Distiller(student, teacher, temperature=3.0)  # doctest: +SKIP
        >>> distiller.fit(texts, labels, epochs=5, validation_data=(other_texts, other_labels))  # doctest: +SKIP
        >>> distiller.student.save_pretrained("outputs/small")  # doctest: +SKIP

    Source: Hinton et al., "Distilling the knowledge in a neural network" (2015); Jiao et al., "TinyBERT" (2020).
    """

    def __init__(
        self,
        student,
        teacher,
        temperature=2.0,
        alpha=0.5,
        hidden_states=None,
        hidden_weight=1.0,
        precompute=True,
        **kwargs,
    ):
        super().__init__(student, teacher, **kwargs)
        _check_number("temperature", temperature, least=1e-3)
        _check_number("alpha", alpha, most=1.0)
        _check_number("hidden_weight", hidden_weight)
        check_flag("precompute", precompute)
        self.temperature, self.alpha, self.hidden_weight = temperature, alpha, hidden_weight
        self.objectives = (Objective(output=self.answers),)  # type: ignore[misc]  # a class's, but for its students
        self.match = None if hidden_states is None else self._match(hidden_states)
        self.has_one_answer = self.match is None and not self.labels_tokens
        self.precompute = precompute and self.has_one_answer
        self.teacher_loss = keras.metrics.Mean("teacher_loss")
        if self.match is not None:
            self.hidden_loss = keras.metrics.Mean("hidden_loss")
        self.default_learning_rate = student.default_learning_rate
        self.built = True

    def _match(self, hidden_states) -> HiddenStateMatch:
        if self.embeds:
            raise ValueError("`hidden_states` must be None for TextEmbedders, whose vectors are compared.")
        if not self.shares_ids and "left" in (self.student.tokenizer.padding_side, self.teacher.tokenizer.padding_side):
            raise ValueError(
                "`hidden_states` of two tokenizers are compared at the first position, where padding_side='left' may "
                "put padding. Give both padding_side='right', or the same tokenizer."
            )
        student, teacher = self.student.config, self.teacher.config
        layers = layers_to_match(hidden_states, student.num_hidden_layers, teacher.num_hidden_layers, self.shares_ids)
        return HiddenStateMatch(
            layers, student.hidden_size, teacher.hidden_size, first_only=not self.shares_ids, name="hidden_state_match"
        )

    # === Ids to the answers of both ===

    def __call__(self, inputs, training=None, **kwargs):
        if not is_tokenized(inputs):
            return self.student(inputs, training=training, **kwargs)
        return super().__call__(inputs, training=training, **kwargs)

    def call(self, inputs, training=False):
        features = {name: values for name, values in inputs.items() if name != TEACHER}
        outputs = self._run(self.student, features, training)
        if TEACHER not in inputs and not self.shares_ids:
            raise ValueError(
                "The teacher has a tokenizer of its own, to which the student's ids say nothing. Give text, not ids."
            )
        known = inputs.get(TEACHER, features)  # the teacher's answers, or the ids that it reads
        of_teacher = (
            self._run(self.teacher, known, training=False) if isinstance(known, dict) else {self.answers: known}
        )
        if self.match is not None:
            states = tf.nest.map_structure(tf.stop_gradient, of_teacher["hidden_states"])
            outputs["difference"] = self.match(outputs.pop("hidden_states"), states)  # [B, S]
        return {**outputs, TEACHER: tf.stop_gradient(of_teacher[self.answers])}

    def _run(self, task, features, training) -> dict[str, Any]:
        if self.match is None:
            return dict(task.forward(features, training))
        outputs = task.model(features, training=training, output_hidden_states=True)
        return {"logits": outputs.logits, "hidden_states": outputs.hidden_states}

    # === Answers to the loss ===

    @property
    def problem_type(self) -> str:
        """What is compared: distributions over classes, over each label, or numbers."""
        if self.embeds:
            return "regression"
        return "single_label_classification" if self.labels_tokens else problem_type_of(self.student.config)

    def loss_function(self, objective, labels=None):
        return self.student.loss_function(objective, labels)

    def check_labels(self, objective, labels, logits):
        self.student.check_labels(objective, labels, logits)

    def default_metrics(self):
        return [] if self.embeds else self.student.default_metrics()

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        outputs: Any = y_pred
        mask, rows = x.get("attention_mask"), tf.shape(outputs[TEACHER])[0]
        losses = teacher_loss(self.problem_type, outputs[TEACHER], outputs[self.answers], self.temperature)
        loss = mean_of_rows(losses, sample_weight, mask if self.labels_tokens else None)
        self.teacher_loss.update_state(loss, rows)
        loss = part_of_loss(loss)
        if y is not None:
            own_loss = super().compute_loss(x, y, outputs, sample_weight, training)
            loss = self.alpha * own_loss + (1 - self.alpha) * loss
        if self.match is not None:
            difference = mean_of_rows(outputs["difference"], sample_weight, None if self.match.first_only else mask)
            self.hidden_loss.update_state(difference, rows)
            loss += self.hidden_weight * part_of_loss(difference)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        labels = self._labels_of_teacher(y_pred[TEACHER], x.get("attention_mask")) if y is None else y
        return super().compute_metrics(x, labels, y_pred, sample_weight)

    def _labels_of_teacher(self, answers, mask):
        if self.problem_type == "multi_label_classification":
            return tf.cast(answers > 0, tf.float32)
        if self.problem_type == "regression":
            return answers
        labels = tf.argmax(answers, axis=-1, output_type=tf.int32)
        return tf.where(mask > 0, labels, IGNORED_LABEL) if self.labels_tokens and mask is not None else labels

    # === The student ===

    def train_step(self, data):
        self.student.has_new_head = False  # before callbacks save it for the first time
        return super().train_step(data)

    def fit(self, x=None, y=None, *args, **kwargs):
        """Train the student on text, with labels or without; the arguments are those of `TextTrainer.fit`."""
        has_labels = (
            LABELS in y
            if isinstance(y, dict)
            else y is not None or isinstance(x, tf.data.Dataset) or is_batch_source(x)
        )
        if kwargs.get("class_weight") is not None and not has_labels:
            raise ValueError("`class_weight` weighs labels: give them as `y`, or leave it out.")
        return super().fit(x, y, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        """Return the student's answers; see `TextAnswerer.predict`."""
        return self.student.predict(x, *args, **kwargs)

    def save(self, filepath, *args, **kwargs):
        """Write the student as a Keras archive, so that `keras.callbacks.ModelCheckpoint` keeps students."""
        return self.student.save(filepath, *args, **kwargs)

    def export(self, path, *args, **kwargs):
        """Write a SavedModel of the student; see `Task.export`."""
        return self.student.export(path, *args, **kwargs)


def _check_number(name: str, value: Any, least: float = 0.0, most: float = math.inf) -> None:
    is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not least <= float(value) <= most:
        span = f"of at least {least}" if math.isinf(most) else f"from {least} to {most}"
        raise ValueError(f"`{name}` must be a number {span}. Received: {value!r}.")
