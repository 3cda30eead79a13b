"""`batching.config`: how TF Serving puts requests together into batches.

TF Serving's own message is in none of its packages, so that it is described here: fields by name, as its text has them.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from tfbert.models.bucketed_program import BATCH_BUCKETS

BATCHING_FILE = "batching.config"
MOST_ROWS = 4096  # of a request, as the embedded server has it
MOST_TOGETHER = 32  # of a batch: as many as `predict` puts together by default
BATCH_SIZES = tuple(size for size in BATCH_BUCKETS if size <= MOST_TOGETHER)
USUAL_ROWS = 1000  # TF Serving's own max_batch_size
FIELDS = {
    "max_batch_size": "Int64Value",
    "batch_timeout_micros": "Int64Value",
    "max_enqueued_batches": "Int64Value",
    "num_batch_threads": "Int64Value",
    "max_execution_batch_size": "Int64Value",
    "thread_pool_name": "StringValue",
    "enable_large_batch_splitting": "BoolValue",
    "mixed_priority_batching_policy": "StringValue",
}
HEADER = """\
# Batches of TF Serving (--enable_batching --batching_parameters_file). A request goes at once, with what waits beside
# it, filled up to an allowed size. A longer batch_timeout_micros waits for more. num_batch_threads: as many as cores.
# A request of more than max_batch_size rows is refused; one of more than max_execution_batch_size is split, and all its
# parts wait in the queue at once, which max_enqueued_batches must hold.
"""


def batching_text() -> str:
    """Return the text of a batching config whose sizes are those of the models' batch buckets.

    Returns:
        str.
    """
    sizes = "".join(f"allowed_batch_sizes: {size}\n" for size in BATCH_SIZES)
    values = {
        "max_batch_size": MOST_ROWS,
        "enable_large_batch_splitting": "true",
        "max_execution_batch_size": MOST_TOGETHER,
        "batch_timeout_micros": 0,
        "max_enqueued_batches": 2 * MOST_ROWS // MOST_TOGETHER,
        "num_batch_threads": 4,
    }
    return HEADER + "".join(f"{name} {{ value: {value} }}\n" for name, value in values.items()) + sizes


def check_batching(path: Path) -> list[int]:
    """Return the allowed batch sizes of a batching config; refuse one that TF Serving would.

    Args:
        path: Path of the file.

    Returns:
        A list of int; none where all sizes are allowed.

    Raises:
        ValueError: If it cannot be read, or its sizes do not ascend to the greatest of a batch: max_batch_size, or
            max_execution_batch_size where large batches are split. Fields of newer servers are passed over.

    Source: `BatchingParameters` and its checks in TF Serving.
    """
    try:
        config = text_format.Parse(path.read_text(encoding="utf-8"), _parameters()(), allow_unknown_field=True)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is no text of BatchingParameters: {error}.") from error
    sizes = list(config.allowed_batch_sizes)
    if sizes != sorted(set(sizes)):
        raise ValueError(f"allowed_batch_sizes must ascend. Received: {sizes}.")
    most = config.max_batch_size.value if config.HasField("max_batch_size") else USUAL_ROWS
    name, greatest = "max_batch_size", most
    if config.enable_large_batch_splitting.value and config.HasField("max_execution_batch_size"):
        name, greatest = "max_execution_batch_size", config.max_execution_batch_size.value
        if greatest > most:
            raise ValueError(f"{name} must be at most max_batch_size, {most}. Received: {greatest}.")
    if sizes and sizes[-1] != greatest:
        raise ValueError(f"The last of allowed_batch_sizes must be {name}, {greatest}. Received: {sizes[-1]}.")
    return sizes


@functools.cache
def _parameters() -> Any:
    """The class of `BatchingParameters`; only its text is read, so that the numbers of its fields are any."""
    pool = descriptor_pool.DescriptorPool()
    wrappers = descriptor_pb2.FileDescriptorProto.FromString(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(wrappers)
    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", syntax="proto3", dependency=[wrappers.name])
    described = file.message_type.add(name="BatchingParameters")
    field = descriptor_pb2.FieldDescriptorProto
    for number, (name, kind) in enumerate(FIELDS.items(), start=1):
        described.field.add(
            name=name,
            number=number,
            label=field.LABEL_OPTIONAL,
            type=field.TYPE_MESSAGE,
            type_name=f".google.protobuf.{kind}",
        )
    last = len(FIELDS) + 1
    described.field.add(name="allowed_batch_sizes", number=last, label=field.LABEL_REPEATED, type=field.TYPE_INT64)
    described.field.add(
        name="pad_variable_length_inputs", number=last + 1, label=field.LABEL_OPTIONAL, type=field.TYPE_BOOL
    )
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("BatchingParameters"))
