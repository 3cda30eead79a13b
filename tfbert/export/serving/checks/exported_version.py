"""ExportedVersion: a version folder as its checks see it; each part is read when the first of them asks for it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.config_file import METADATA_FILE
from tfbert.export.serving.probe_rows import Columns, cycled
from tfbert.export.serving.recorded_answers import read_answers
from tfbert.export.signature_inputs import signature_inputs
from tfbert.json_file import read_json

INITIALIZER = "__saved_model_init_op"  # listed among signatures, but none
ROWS = 5  # more than are usually recorded, so that some come twice
SAMPLES: list[Any] = ["Hello", "a cat sat on the mat", "é 北😀"]  # where nothing is recorded


class ExportedVersion:
    """A version folder.

    Args:
        folder: Path.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    @functools.cached_property
    def metadata(self) -> dict[str, Any]:
        """What the export wrote down about the model."""
        path = self.folder / METADATA_FILE
        metadata = read_json(path) if path.is_file() else {}
        missing = sorted({"task", "inputs"} - set(metadata))
        if missing:
            raise ValueError(f"{METADATA_FILE} lacks {missing[0]!r}: export the model by a class of tfbert.tasks.")
        return metadata

    @property
    def is_compiled(self) -> bool:
        """Whether the export says that XLA is to compile it."""
        return bool(self.metadata.get("jit_compile"))

    @functools.cached_property
    def recorded(self) -> dict[str, Any] | None:
        """The answers of the day of the export."""
        return read_answers(self.folder)

    @functools.cached_property
    def definitions(self) -> dict[str, Any]:
        """The signatures as servers read them: SignatureDef by name."""
        from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

        graphs = SavedModel.FromString((self.folder / "saved_model.pb").read_bytes()).meta_graphs
        serving = [graph for graph in graphs if "serve" in graph.meta_info_def.tags]
        if len(serving) != 1:
            raise ValueError(f'It must have one graph tagged "serve". Found: {len(serving)}.')
        return {name: definition for name, definition in serving[0].signature_def.items() if name != INITIALIZER}

    @functools.cached_property
    def _loaded(self) -> Any:
        import tensorflow_text  # noqa: F401  # registers the ops

        return tf.saved_model.load(str(self.folder))

    @property
    def signatures(self) -> dict[str, Any]:
        """The signatures as functions."""
        return {name: self._loaded.signatures[name] for name in self.definitions}  # variables live with `_loaded`

    @functools.cached_property
    def batch(self) -> dict[str, dict[str, tf.Tensor]]:
        """The inputs of each signature for five rows."""
        return signature_inputs(self.signatures, cycled(self._columns(), ROWS))

    @functools.cached_property
    def batch_answers(self) -> dict[str, dict[str, np.ndarray]]:
        """What each signature answers to them."""
        return {name: self.ask(name, inputs) for name, inputs in self.batch.items()}

    def ask(self, name: str, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
        """Return what a signature answers, as arrays."""
        return {key: np.asarray(value) for key, value in self.signatures[name](**inputs).items()}

    def _columns(self) -> Columns:
        if self.recorded is not None:
            return self.recorded["columns"]
        inputs = self.definitions["serving_default"].inputs
        several = {name for name in self.metadata["inputs"] if len(inputs[name].tensor_shape.dim) == 2}
        return {name: [[text] for text in SAMPLES] if name in several else SAMPLES for name in self.metadata["inputs"]}
