"""Whether a student and a teacher go together."""

from __future__ import annotations

from typing import Any

from tfbert.tasks.base.label_learner import LabelLearner
from tfbert.tasks.base.task import Task
from tfbert.tasks.text_classifier import TextClassifier
from tfbert.tasks.text_embedder import TextEmbedder
from tfbert.tasks.token_classifier import TokenClassifier
from tfbert.training.losses.label_losses import problem_type_of

KINDS = (TextClassifier, TokenClassifier, TextEmbedder)


def check_kinds(student: Any, teacher: Any) -> None:
    """Refuse what are no two tasks of one kind, each with a model of its own.

    Args:
        student: Task.
        teacher: Task.

    Raises:
        TypeError: If they are of different kinds, or of one that has nothing to distil.
        ValueError: If they share a model.
    """
    if not any(isinstance(student, kind) and isinstance(teacher, kind) for kind in KINDS):
        raise TypeError(
            "`student` and `teacher` must both be TextClassifiers, TokenClassifiers or TextEmbedders. "
            f"Received: {type(student).__name__} and {type(teacher).__name__}."
        )
    if student.model is teacher.model:
        raise ValueError("`student` and `teacher` share one model. Load the student by itself: from_pretrained(...).")


def check_trained(teacher: Task) -> None:
    """Refuse a teacher that has learned nothing.

    Args:
        teacher: Task.

    Raises:
        ValueError: If its head is new.
    """
    if teacher.has_new_head:
        raise ValueError(
            "The head of `teacher` was never trained, so that its answers are random. Train it first, "
            "teacher.fit(texts, labels); or where its weights came in another way, such as load_weights, write "
            "teacher.has_new_head = False."
        )


def check_widths(student: TextEmbedder, teacher: TextEmbedder) -> None:
    """Refuse embedders whose vectors are of different widths."""
    if student.embedding_size != teacher.embedding_size:
        raise ValueError(
            f"The vectors of the teacher have {teacher.embedding_size} dimensions, those of the student "
            f"{student.embedding_size}. Give the student a layer that makes them as wide, which it keeps: "
            f"TextEmbedder(model, tokenizer, dense=[keras.layers.Dense({teacher.embedding_size})])."
        )


def take_classes(student: LabelLearner, teacher: LabelLearner) -> None:
    """Give the teacher's classes to a student that has no names for its own; refuse one that has others.

    Args:
        student: A task with a head over labels.
        teacher: A task with a head over labels.

    Raises:
        ValueError: If the student answers with other classes, or in another way, or was made for that.
    """
    names, config = teacher.label_names(), teacher.config
    labels = {"id2label": config.id2label, "problem_type": config.problem_type}
    problem_type = problem_type_of(config)
    if student.config.problem_type in (None, problem_type):
        if student.config.has_default_labels and student.config.num_labels == len(names):
            student.model.take_config(student.config.replace(**labels))  # the head may have learned already
            student.forget_graphs()
            student.learns_labels = False
        elif student.learns_labels and student.num_labels in (None, len(names)):
            student.model.replace_head(**labels)
            student.forget_compiled_functions()
            student.learns_labels = False
    if student.label_names() != names or problem_type_of(student.config) != problem_type:
        raise ValueError(
            f"`student` must have the teacher's classes, {names}, {problem_type}. Received: "
            f"{student.label_names()}, {problem_type_of(student.config)}. Make it with "
            f"id2label={config.id2label} and problem_type={config.problem_type!r}."
        )


def same_ids(student: Task, teacher: Task) -> bool:
    """Return whether both turn every text into the same ids.

    Args:
        student: Task.
        teacher: Task.

    Returns:
        bool.
    """
    return _reading(student) == _reading(teacher)


def _reading(task: Task) -> tuple[dict[str, Any], str]:
    """All settings of a tokenizer but the name of the layer, and the prompt that stands before each text."""
    config = {name: value for name, value in task.tokenizer.get_config().items() if name != "name"}
    return config, getattr(task, "prompt_text", "")
