"""Whether a student and a teacher go together."""

from __future__ import annotations

from typing import Any

from tfbert.tasks.base.label_learner import LabelLearner
from tfbert.tasks.base.sequence_classifier import SequenceClassifier
from tfbert.tasks.base.task import Task
from tfbert.tasks.text_embedder import TextEmbedder
from tfbert.tasks.token_classifier import TokenClassifier
from tfbert.training.losses.label_losses import problem_type_of

KINDS = (SequenceClassifier, TokenClassifier, TextEmbedder)


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
        ValueError: If the student answers with other classes, or in another way.
    """
    names, config = teacher.label_names(), teacher.config
    labels = {"id2label": config.id2label, "problem_type": config.problem_type}
    if student.learns_labels:
        student.model.replace_head(**labels)
        student.forget_compiled_functions()
        student.learns_labels = False
    elif student.config.has_default_labels and student.config.num_labels == len(names):
        student.model.take_config(student.config.replace(**labels))
        student.forget_graphs()
    same_type = problem_type_of(student.config) == problem_type_of(config)
    if student.label_names() != names or not same_type:
        raise ValueError(
            f"`student` must have the teacher's classes, {names}, {problem_type_of(config)}. Received: "
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
