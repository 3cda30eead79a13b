"""Warm-up records: the requests that a server answers to itself before it serves a new version."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from tfbert.wire.messages import message
from tfbert.wire.tensor_proto import from_tensor_proto

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"
MOST_RECORDS = 1000  # TF Serving refuses to load a version that has more


def write_warmup(folder: str | PathLike, records: Sequence[Any]) -> None:
    """Write the warm-up file of a version folder, as TF Serving reads it: a TFRecord file of PredictionLog.

    Args:
        folder: Path of the version folder.
        records: Sequence of `message("PredictionLog")`.

    Raises:
        ValueError: If there are more than 1,000.

    Source: SavedModel warm-up of TF Serving.
    """
    import tensorflow as tf

    if len(records) > MOST_RECORDS:
        raise ValueError(f"`records` must be at most {MOST_RECORDS}, or TF Serving refuses them. Got {len(records)}.")
    path = Path(folder) / WARMUP_FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record.SerializeToString(deterministic=True))


def read_warmup(folder: str | PathLike) -> list[Any]:
    """Return the warm-up records of a version folder; none where it has no such file.

    Args:
        folder: Path of the version folder.

    Returns:
        A list of `message("PredictionLog")`.

    Raises:
        ValueError: If the file is damaged, or has more than 1,000 records.
    """
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    path = Path(folder) / WARMUP_FILE
    if not path.is_file():
        return []
    dataset = tf.data.TFRecordDataset(str(path)).take(MOST_RECORDS + 1)
    try:
        records = [message("PredictionLog").FromString(record) for record in dataset.as_numpy_iterator()]
    except (tf.errors.DataLossError, DecodeError) as error:
        raise ValueError(f"The warm-up file {str(path)!r} is damaged. Export the model again.") from error
    if len(records) > MOST_RECORDS:
        raise ValueError(f"The warm-up file {str(path)!r} has more than {MOST_RECORDS} records, which servers refuse.")
    return records


def warmup_request(record: Any) -> tuple[str, dict[str, np.ndarray]]:
    """Return the signature that a record asks, and what it gives it.

    Args:
        record: `message("PredictionLog")` of predict, classify or regress.

    Returns:
        The signature's name, and its inputs by name; serialized examples are the input "inputs", strings [B].

    Raises:
        ValueError: If it is of another kind, or a tensor in it is damaged.
    """
    kind = record.WhichOneof("log_type")
    if kind not in ("predict_log", "classify_log", "regress_log"):
        raise ValueError(f"A warm-up record must be of predict, classify or regress. Received: {kind}.")
    request = getattr(record, kind).request
    name = request.model_spec.signature_name or "serving_default"
    if kind == "predict_log":
        return name, {key: from_tensor_proto(tensor) for key, tensor in request.inputs.items()}
    examples = request.input.example_list.examples
    return name, {"inputs": np.array([example.SerializeToString() for example in examples], object)}
