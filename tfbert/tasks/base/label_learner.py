"""LabelLearner: tasks whose classes have names, which a new head learns from the first training."""

from __future__ import annotations

from tfbert.tasks.base.task import Task
from tfbert.tasks.base.training_state import shared


class LabelLearner(Task):
    """A task on a model with a head over labels.

    A model whose labels nobody has named yet learns the names in `fit`: `id2label` becomes the sorted distinct labels.

    Args:
        model: A `LabelledModel`.
        tokenizer: `FastBertTokenizer`.
        learns_labels: bool, default False. Whether `fit` may rename and renumber the labels; `from_pretrained` sets it
            where the head is new and has no names.
        num_labels: int or None. The number of labels to hold `fit` to where it learns them.
        **kwargs: As `Task`.
    """

    def __init__(self, model, tokenizer, learns_labels=False, num_labels=None, **kwargs):
        super().__init__(model, tokenizer, **kwargs)
        self.learns_labels = learns_labels
        self.num_labels = num_labels

    learns_labels = shared("learns_labels")
    num_labels = shared("num_labels")

    @classmethod
    def from_pretrained(cls, folder, *, max_length=None, **overrides):
        """Load a checkpoint folder; one without this task's head gets a new one, to be trained.

        Args:
            folder: Path of the folder, or the model's name on the Hugging Face hub.
            max_length: int. Longest input in tokens; by default what the checkpoint's tokenizer says.
            **overrides: Options of the class; fields of the config, such as `num_labels=3`,
                `id2label={0: "no", 1: "yes"}` or `problem_type="regression"`; options of the model's
                `from_pretrained`; or arguments of `FastBertTokenizer`.

        Returns:
            The task.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the checkpoint is no BERT, or `max_length` exceeds its position embeddings.
        """
        learner = super().from_pretrained(folder, max_length=max_length, **overrides)
        if learner.has_new_head and learner.config.has_default_labels:
            learner.learns_labels = True
            learner.num_labels = overrides.get("num_labels")
        return learner

    def label_names(self) -> list[str]:
        """Return the names of the labels in their order."""
        return [self.config.id2label[index] for index in range(self.config.num_labels)]

    def name_labels(self, names: list[str], least: int = 2) -> None:
        """Give the model a new head for labels of these names.

        Args:
            names: list of str.
            least: int, default 2. How many there must be.

        Raises:
            ValueError: If there are fewer, or not as many as `num_labels` says.
        """
        if len(names) < least:
            wanted = "two different labels" if least == 2 else f"{least} label"
            raise ValueError(f"`y` must hold at least {wanted}. Received: {names} only.")
        if self.num_labels is not None and self.num_labels != len(names):
            raise ValueError(
                f"`y` holds {len(names)} different labels, but the model was made with num_labels={self.num_labels}. "
                "Leave num_labels out, or name all labels: from_pretrained(..., id2label={0: …, 1: …})."
            )
        self.model.replace_head(id2label=dict(enumerate(names)))
        self.forget_compiled_functions()
        self.learns_labels = False

    def export_metadata(self):
        return {**super().export_metadata(), "labels": self.label_names()}

    def get_config(self):
        return {**super().get_config(), "learns_labels": self.learns_labels, "num_labels": self.num_labels}
