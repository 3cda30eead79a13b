"""The weights of a SavedModel that tfbert exported."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

from tfbert.checkpoints.formats.tensor_bundle import bundle_reader, open_bundle, read_entry
from tfbert.checkpoints.names.weight_dialects import from_variables
from tfbert.checkpoints.stored_tensor import StoredTensor

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def open_saved_model(path: str | PathLike) -> dict[str, StoredTensor]:
    """Open the variables of a SavedModel that tfbert exported; its graph is not loaded.

    Args:
        path: Path of the SavedModel's folder.

    Returns:
        A dict from PyTorch's name to `StoredTensor`, in PyTorch's layout. Values are read one tensor at a time.

    Raises:
        FileNotFoundError: If the folder holds no SavedModel, or its variables are missing.
        ValueError: If the variables are broken, none is a weight of BERT, or low-rank adapters are among them.

    Example:
        >>> open_saved_model("saved_models/sentiment/1")["classifier.weight"].read()  # doctest: +SKIP
    """
    path = Path(path)
    if not (path / "saved_model.pb").is_file():
        raise FileNotFoundError(f"No SavedModel in {str(path)!r}: there is no saved_model.pb.")
    prefix = path / "variables" / "variables"
    stored = open_bundle(prefix)
    # Keys count the variables of the export; the object graph beside them keeps the variables' own names.
    graph = TrackableObjectGraph.FromString(read_entry(bundle_reader(prefix), OBJECT_GRAPH, str(prefix)))
    tensors: dict[str, StoredTensor] = {}
    for entry in (entry for node in graph.nodes for entry in node.attributes):
        if entry.checkpoint_key in stored and not entry.full_name.endswith("/seed_generator_state"):
            # Keras' own export writes each variable twice, under one name.
            tensors.setdefault(entry.full_name, stored[entry.checkpoint_key])
    if any(name.endswith("/lora_a") for name in tensors):
        raise ValueError(
            f"{str(path)!r} was exported with low-rank adapters, which are no weights of BERT. "
            "Call `model.merge_lora()` before the export, or take what `save_pretrained` wrote."
        )
    return from_variables(tensors)
