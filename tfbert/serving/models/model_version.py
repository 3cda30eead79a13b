"""ModelVersion: a SavedModel that is loaded, with a queue for each signature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfbert.export.serving.manifest import check_manifest
from tfbert.export.serving.warmup import read_warmup, warmup_request
from tfbert.serving.batching.batcher import Batcher
from tfbert.serving.batching.padding import padding_cutter
from tfbert.serving.models.model_settings import SAVED_MODEL
from tfbert.serving.models.served_signature import ServedSignature
from tfbert.serving.models.version_folder import read_metadata
from tfbert.wire.messages import message
from tfbert.wire.status import ServingError, Status
from tfbert.wire.tensor_proto import NAME_OF

SERVE = "serve"  # the tag of graphs to serve
MakeBatcher = Callable[["ModelVersion", ServedSignature, Any], Batcher]


class ModelVersion:
    """A version of a model in memory.

    Args:
        name: str. The model's name.
        number: int. The version.
        folder: Path of the SavedModel.

    Attributes:
        signatures: dict of `ServedSignature` by name.
        metadata: dict. What tfbert wrote of the task; empty for other models.
        definitions: SignatureDefMap, as TF Serving's metadata has it.
        batchers: dict of `Batcher` by signature, from `make_batchers`.
        requests: int. Requests that are being answered.

    Raises:
        ValueError: If the folder is not what was exported.
        Exception: What TensorFlow says of a SavedModel that it cannot load.
    """

    def __init__(self, name: str, number: int, folder: Path):
        import tensorflow_text  # noqa: F401  # registers the ops

        check_manifest(folder)
        self.name, self.number, self.folder = name, number, folder
        self.metadata = read_metadata(folder)
        definitions = _definitions(folder)
        self.definitions = message("SignatureDefMap")()
        for key, definition in definitions.items():
            self.definitions.signature_def[key].ParseFromString(definition.SerializeToString())
        self._loaded = tf.saved_model.load(str(folder), tags=[SERVE])  # its variables live as long as this reference
        self.signatures = {
            key: ServedSignature(key, definitions[key], function)
            for key, function in self._loaded.signatures.items()
            if key in definitions and _is_of_known_types(definitions[key])
        }
        if not self.signatures:
            raise ValueError(f"The SavedModel {str(folder)!r} has no signature that could be served.")
        self.batchers: dict[str, Batcher] = {}
        self.requests = 0

    def warm_up(self) -> int:
        """Answer the requests of the warm-up file; return how many they were.

        Raises:
            ValueError: If one asks what the model does not have, or the file is damaged.
        """
        records = read_warmup(self.folder)
        for record in records:
            name, inputs = warmup_request(record)
            if name not in self.signatures:
                raise ValueError(f"A warm-up record of {str(self.folder)!r} asks the signature {name!r}.")
            self.signatures[name](inputs)
        return len(records)

    def make_batchers(self, make: MakeBatcher) -> None:
        """Give each signature a queue; on the event loop."""
        is_ours = bool(self.metadata.get("task"))  # other models may call other things by the same names
        self.batchers = {
            name: make(self, signature, padding_cutter(signature.outputs if is_ours else {}))
            for name, signature in self.signatures.items()
        }

    def release(self) -> None:
        """Let go of the graph and its variables; nothing can be asked any more."""
        self.batchers, self.signatures, self._loaded = {}, {}, None

    def signature(self, name: str) -> ServedSignature:
        """Return a signature; "" is serving_default.

        Raises:
            ServingError: FAILED_PRECONDITION if there is none, as TF Serving answers.
        """
        found = self.signatures.get(name or "serving_default")
        if found is None:
            raise ServingError(
                Status.FAILED_PRECONDITION,
                f"Model {self.name!r} version {self.number} has no such signature. It has: {sorted(self.signatures)}.",
            )
        return found


def _is_of_known_types(definition: Any) -> bool:
    """Whether arrays can hold what a signature takes and returns; complex numbers and variants cannot be sent."""
    return all(info.dtype in NAME_OF for info in (*definition.inputs.values(), *definition.outputs.values()))


def _definitions(folder: Path) -> dict[str, Any]:
    """The SignatureDefs of a SavedModel by name."""
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((folder / SAVED_MODEL).read_bytes())
    for graph in saved.meta_graphs:
        if SERVE in graph.meta_info_def.tags:
            return dict(graph.signature_def)
    raise ValueError(f"The SavedModel {str(folder)!r} has no graph with the tag {SERVE!r}.")
