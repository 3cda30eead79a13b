"""ServedTask: an exported task, asked through its signature."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfbert.config_file import METADATA_FILE
from tfbert.export.answer_rows import AnswerRows
from tfbert.export.formats import is_exported_file, open_file
from tfbert.json_file import read_json
from tfbert.models.bucketed_program import bucket_shapes
from tfbert.option_checks import checked_batch_size
from tfbert.str_array import as_str_array
from tfbert.tasks.base.columns import Column, read_columns
from tfbert.tasks.base.text_rows import TextRows
from tfbert.tasks.fixed_options import check_fixed_options


class ServedTask:
    """An exported task, SavedModel or file: `predict` as the task has it, with the options that it was exported with.

    Args:
        path: Path of the SavedModel, or of a LiteRT or ONNX file.
        threads: int or None, default None. Cores that an answer of a file may use; None is the runtime's choice. A
            SavedModel has those of TensorFlow, `tf.config.threading`.

    Raises:
        FileNotFoundError: If nothing lies there.
        ValueError: If it was not exported by a task of tfbert, or takes ids.
    """

    def __init__(self, path: str | PathLike, threads: int | None = None):
        self.path = str(path)
        self._threads = threads
        (self._open_file if is_exported_file(path) else self._open_saved_model)()
        self.task_name = self.metadata["task"]

    def _open_saved_model(self) -> None:
        import tensorflow_text  # noqa: F401  # registers the ops

        metadata_path = Path(self.path) / METADATA_FILE
        self.metadata = read_json(metadata_path) if metadata_path.is_file() else {}
        self.loaded = tf.saved_model.load(self.path)  # its variables live as long as this reference
        if not {"task", "inputs"} <= set(self.metadata) or "serving_default" not in self.loaded.signatures:
            raise ValueError(f"The SavedModel at {self.path!r} says no task: export it by a class of tfbert.tasks.")
        self._function = self.loaded.signatures["serving_default"]
        specs = self._function.structured_input_signature[1]
        self.columns = _columns({name: specs[name].shape.rank for name in self.metadata["inputs"]})  # specs are sorted

    def _open_file(self) -> None:
        loaded = open_file(self.path, self._threads)
        if not loaded.input_names:
            raise ValueError(f'The file {self.path!r} takes ids. Export it with inputs="text" to ask it with text.')
        self.metadata = loaded.metadata
        self.columns = _columns(loaded.input_ranks())
        self._function = lambda **columns: loaded.predict(
            {name: as_str_array(texts.numpy()) for name, texts in columns.items()}
        )

    def predict(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> dict[str, Any]:
        """Return the answers to texts in memory, in their order; see `Task.predict`."""
        batch_size = checked_batch_size(batch_size)
        texts = TextRows(x, self.read_inputs, batch_size)
        answers = AnswerRows(len(texts))
        for rows, columns in texts.batches():
            answers.put(self._function(**columns), rows)
        if not len(texts):
            answers.put(self._function(**self.read_inputs(x)))
        return answers.arrays()

    def read_inputs(self, inputs: Any) -> dict[str, Any]:
        """Turn the user's text, in any form, into the string columns of the signature by name."""
        columns = read_columns(inputs, self.columns)
        missing = [column.name for column in self.columns if column.name not in columns]
        if missing:
            raise ValueError(f"The model at {self.path!r} takes pairs: give `{missing[0]}` too.")
        return columns

    def warm_up(self, batch_sizes: Sequence[int] = (1, 32), max_length: int | None = None) -> int:
        """Let XLA compile every shape ahead, where it was exported with `jit_compile=True`; see `Task.warm_up`."""
        if not self.metadata.get("jit_compile"):
            raise ValueError(
                f"Nothing is compiled in the SavedModel at {self.path!r}. Write task.export(..., jit_compile=True)."
            )
        longest = self.metadata["config"]["max_position_embeddings"]
        shapes = bucket_shapes(batch_sizes, longest, max_length or self.metadata["longest_input"])
        function = self.loaded.signatures["ids"]
        for rows, positions in shapes:
            function(
                **{
                    name: tf.zeros([rows, *[1] * (spec.shape.rank - 2), positions], tf.int32)
                    for name, spec in function.structured_input_signature[1].items()
                }
            )
        return len(shapes)

    def label_names(self) -> list[str]:
        """Return the labels by their numbers."""
        return self.metadata["labels"]

    def with_options(self, **changes: Any) -> ServedTask:
        """Refuse other options: an exported model has those that it was exported with."""
        check_fixed_options(changes, self.metadata, f"The model at {self.path!r}")
        return self


def _columns(ranks: dict[str, int]) -> list[Column]:
    """The text inputs of an exported model from their ranks by name."""
    return [Column(name, rank == 2, optional=name == "text_pair") for name, rank in ranks.items()]
