"""DistillationData: text of every form as the ids that a student and its teacher see."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.export.answer_rows import AnswerRows
from tfbert.option_checks import DEFAULT_BATCH_SIZE
from tfbert.tasks.base.answering import batches_of_like_length
from tfbert.tasks.base.task import Task
from tfbert.tasks.base.text_dataset import inputs_of
from tfbert.tasks.base.text_trainer import TextTrainer
from tfbert.tasks.distillation.partners import check_kinds, check_trained, check_widths, same_ids, take_classes
from tfbert.tasks.text_embedder import TextEmbedder
from tfbert.tasks.token_classifier import TokenClassifier

LABELS, TEACHER = "labels", "teacher"


class DistillationData(TextTrainer):
    """Reads text and labels as the student does; batches are its ids, with what the teacher needs as "teacher".

    That is the teacher's ids, or its answers, if they were computed before; nothing where it reads the student's ids.

    Args:
        student: A task.
        teacher: A task of the same kind.
        precompute: bool. Whether the teacher answers texts in memory once, where that is possible.
        **kwargs: Those of the Keras model.
    """

    needs_labels = False
    precompute: bool
    has_one_answer: bool  # whether the teacher's answer to a text is one row, and all that is learned

    def __init__(self, student: Task, teacher: Task, **kwargs):
        check_kinds(student, teacher)
        check_trained(teacher)
        super().__init__(**{"dtype": student.dtype_policy, "autocast": False, **kwargs})
        self.student = student
        for task in (student, teacher):
            task.model.trained_within.add(self)
        self._teacher = lambda: teacher  # behind a function, where Keras does not count its weights as this model's
        self.embeds = isinstance(student, TextEmbedder)
        self.labels_tokens = isinstance(student, TokenClassifier)
        self.shares_ids = same_ids(student, teacher)
        if self.labels_tokens and not self.shares_ids:
            raise ValueError(
                "Two TokenClassifiers must cut texts into the same tokens: give the student the teacher's tokenizer, "
                "TokenClassifier(model, teacher.tokenizer)."
            )
        if self.embeds:
            check_widths(student, teacher)
        else:
            take_classes(student, teacher)
        self.forget_graphs()  # makes the one that asks the teacher

    def __dir__(self):
        return set(super().__dir__()) - {"teacher"}  # Keras keeps the weights of what is listed here

    def forget_graphs(self) -> None:
        """Drop what was traced, of the teacher too."""
        super().forget_graphs()
        self._ask_teacher = tf.function(self._answers_of_teacher, autograph=False, reduce_retracing=True)

    @property
    def teacher(self) -> Task:
        """The task that is learned from."""
        return self._teacher()

    @property
    def columns(self):  # type: ignore[override]
        """The text that both take."""
        return self.student.columns

    @property
    def takes_pairs(self):
        """Whether the student was trained on pairs of texts."""
        return self.student.takes_pairs

    @takes_pairs.setter
    def takes_pairs(self, value):
        self.student.takes_pairs = value

    @property
    def answers(self) -> str:
        """The name of the output that is learned."""
        return "embedding" if self.embeds else "logits"

    # === Text and labels, as the student reads them ===

    def learn_labels(self, x, y):
        self.student.learn_labels(x, y)

    def class_numbers(self):
        return self.student.class_numbers()

    def prepare_dataset_labels(self, dataset):
        return self.student.prepare_dataset_labels(dataset) if isinstance(dataset.element_spec, tuple) else dataset

    def _rows(self, x, y, sample_weight, learn=False):
        answers = None
        if isinstance(y, dict):
            if not y or set(y) - {LABELS, TEACHER}:
                raise ValueError(f"A dict as `y` has the keys {LABELS!r}, {TEACHER!r} or both. Received: {list(y)}.")
            answers, y = y.get(TEACHER), y.get(LABELS)
        if y is not None:
            self._check_takes_labels()
            columns, labels, weights = self.student._rows(x, y, sample_weight, learn)
        elif sample_weight is None:
            columns, labels, weights = self._unlabelled(x), None, None
        else:
            raise ValueError("`sample_weight` needs labels beside it; a class that is not known is -100 in `y`.")
        if learn:
            self._see_columns(columns)
        count = int(columns["text"].shape[0])
        if answers is not None:
            answers = self._checked_answers(answers, count)
        elif self.precompute and count > 0:
            answers = self._precomputed(columns)
        else:
            return columns, labels, weights
        known = {} if labels is None else {LABELS: labels}
        return columns, {**known, TEACHER: answers}, weights

    def _precomputed(self, columns: dict[str, tf.Tensor]) -> np.ndarray:
        """The teacher's answers to all rows, float32 [N, K]."""
        answers = AnswerRows(len(columns["text"]))
        for rows, batch in batches_of_like_length(columns, DEFAULT_BATCH_SIZE):
            answers.put({TEACHER: self._ask_teacher(batch)}, rows)
        return answers.arrays()[TEACHER]

    def _checked_answers(self, answers: Any, count: int) -> np.ndarray:
        """Answers that the teacher gave before, as float32 [N, K]."""
        width = self.teacher.embedding_size if self.embeds else self.teacher.config.num_labels
        expected = (
            f"The 'teacher' in `y` must be finite {self.answers} of the teacher, shape {(count, width)}; not where "
            f"tokens or hidden states are compared. Write y={{'teacher': teacher.predict(x)['{self.answers}']}}. "
        )
        try:
            values = np.asarray(answers, np.float32)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{expected}Received: a {type(answers).__name__} that is no such array.") from error
        values = values[:, None] if width == 1 and values.ndim == 1 else values
        if not self.has_one_answer or values.shape != (count, width) or not np.isfinite(values).all():
            raise ValueError(f"{expected}Received: shape {values.shape}.")
        return values

    def _read_batch(self, *element):
        if len(element) == 1:
            return self._unlabelled(inputs_of(element[0]))
        self._check_takes_labels()
        return self.student._read_batch(*element)

    def _unlabelled(self, x: Any) -> dict[str, tf.Tensor]:
        """Columns of texts; those of a TokenClassifier may be lists of words."""
        if self.labels_tokens and _holds_words(x):
            return self.student.read_training_inputs(x)
        columns = self.student.read_inputs(x)
        if self.embeds and list(columns) != ["text"]:
            raise ValueError(f"A TextEmbedder learns from single texts. Received the columns: {list(columns)}.")
        return columns

    def _check_takes_labels(self) -> None:
        if self.embeds:
            raise ValueError("A TextEmbedder learns the vectors of single texts from its teacher: leave out `y`.")

    # === Columns to ids ===

    def training_batch(self, columns, *targets):
        answers = None
        if targets and isinstance(targets[0], dict):
            known, *weights = targets
            answers = known[TEACHER]
            targets = (known[LABELS], *weights) if LABELS in known else ()
        if targets:
            features, *targets = self.student.training_batch(columns, *targets)
        else:
            features = self.student.ids_of(columns)
        if answers is not None:
            features = {**features, TEACHER: answers}
        elif not self.shares_ids:
            features = {**features, TEACHER: self.teacher.ids_of(columns)}
        return (features, *targets)

    @contextlib.contextmanager
    def _lengths_for_xla(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for task in (self.student, self.teacher):
                stack.callback(setattr, task, "jit_compile", task._jit_compile)  # its own, undecided if it was
                task.jit_compile = self.jit_compile
                stack.enter_context(task._lengths_for_xla())
            yield

    def _answers_of_teacher(self, columns):
        outputs = self.teacher.forward(self.teacher.ids_of(columns), training=False)
        return tf.cast(outputs[self.answers], tf.float32)


def _holds_words(x: Any) -> bool:
    """Whether rows are lists of words, not texts."""
    if tf.is_tensor(x) or isinstance(x, tf.RaggedTensor):
        return x.shape.rank == 2
    return isinstance(next(iter(x), None), list | tuple | np.ndarray)
