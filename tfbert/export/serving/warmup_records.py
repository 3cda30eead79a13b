"""The warm-up records of a version: a request for every signature and batch bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tfbert.export.serving.batching_config import BATCH_SIZES
from tfbert.export.serving.probe_rows import Columns, cycled, longest_row, short_rows
from tfbert.export.signature_inputs import EXAMPLE_SIGNATURES, signature_inputs
from tfbert.models.bucketed_program import bucket_shapes
from tfbert.wire.messages import message
from tfbert.wire.tensor_proto import to_tensor_proto

LOG_OF = {"classify": "classify_log", "regress": "regress_log"}
FILLER = " a"  # a word of one piece


def warmup_records(
    name: str, signatures: Mapping[str, Any], columns: Columns, metadata: Mapping[str, Any], is_compiled: bool
) -> list[Any]:
    """Return the requests that ready a server for every size of batch and, where XLA compiles, for every length.

    Args:
        name: str. The model.
        signatures: dict from name to function.
        columns: dict of text columns, lists of str; short rows and long ones.
        metadata: Mapping. `config` and `longest_input` say which lengths XLA compiles for.
        is_compiled: bool. Whether it does.

    Returns:
        A list of `message("PredictionLog")`.
    """
    if is_compiled:
        longest = metadata["config"]["max_position_embeddings"]
        lengths = [length for _, length in bucket_shapes([1], longest, metadata["longest_input"])]
        rows = [_of_length(short_rows(columns), length, signatures) for length in lengths]
        batches = [cycled(row, size) for size in BATCH_SIZES for row in rows]
    else:
        batches = list(_mixed(columns))
    return [
        _record(name, signature, inputs)
        for batch in batches
        for signature, inputs in signature_inputs(signatures, batch).items()
    ]


def _mixed(columns: Columns) -> Iterator[Columns]:
    """Batches of each size: a long row beside short ones, so that the longest texts are answered once in each."""
    long = longest_row(columns)
    for size in BATCH_SIZES:
        short = cycled(short_rows(columns), size)
        yield short if size == 1 else {key: [*column[:-1], *long[key]] for key, column in short.items()}


def _of_length(columns: Columns, length: int, signatures: Mapping[str, Any]) -> Columns:
    """One row whose tokens fill a bucket: the first, with so many words more in its text or context."""
    row = cycled(columns, 1)
    inputs = signature_inputs({key: signatures[key] for key in ("tokenize", "ids")}, row)["ids"]
    missing = length - int(inputs["input_ids"].shape[-1])
    long = "context" if "context" in row else "text"
    return {**row, long: [row[long][0] + FILLER * max(missing, 0)]}


def _record(name: str, signature: str, inputs: Mapping[str, Any]) -> Any:
    record = message("PredictionLog")()
    request = getattr(record, LOG_OF.get(signature, "predict_log")).request
    request.model_spec.name, request.model_spec.signature_name = name, signature
    if signature in EXAMPLE_SIGNATURES:
        for example in inputs["inputs"].numpy():
            request.input.example_list.examples.add().ParseFromString(example)
    else:
        for key, tensor in inputs.items():
            to_tensor_proto(tensor.numpy(), request.inputs[key])
    return record
