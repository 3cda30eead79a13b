"""TrainingState: what training has made of a model, shared by all tasks around it."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class TrainingState:
    """What the first training of a head decides.

    Args:
        has_new_head: bool. Whether the head was never trained, so that answers are random.
        takes_pairs: bool. Whether it was trained on pairs of texts.
        learns_labels: bool. Whether `fit` may rename and renumber the labels.
        num_labels: int or None. The number of labels to hold `fit` to where it learns them.
    """

    has_new_head: bool = False
    takes_pairs: bool = False
    learns_labels: bool = False
    num_labels: int | None = None


def shared(name: str) -> property:
    """Return a property of a task that is kept in its `training_state`.

    Args:
        name: str. A field of `TrainingState`.

    Returns:
        A property that can be read and set.
    """

    def read(task):
        return getattr(task.training_state, name)

    def write(task, value):
        setattr(task.training_state, name, value)

    return property(read, write)
