"""Write tfbert/wire/protos.binpb: TF Serving's message types, so that neither client nor server imports TensorFlow.

    python -m scripts.make_serving_protos

Source: the descriptors of tensorflow-serving-api and of TensorFlow, without comments, each after those it imports.
"""

from __future__ import annotations

from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    predict_pb2,
    prediction_log_pb2,
    regression_pb2,
)
from tensorflow_serving.config import model_server_config_pb2

OUTPUT = Path(__file__).resolve().parent.parent / "tfbert" / "wire" / "protos.binpb"
ROOTS = (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_server_config_pb2,
    predict_pb2,
    prediction_log_pb2,
    regression_pb2,
)


def serving_files() -> FileDescriptorSet:
    """Return the files of TF Serving's messages and all that they import, but for protobuf's own."""
    files = FileDescriptorSet()
    seen: set[str] = set()

    def add(descriptor) -> None:
        if descriptor.name in seen:
            return
        seen.add(descriptor.name)
        for imported in descriptor.dependencies:
            add(imported)
        descriptor.CopyToProto(files.file.add())

    for module in ROOTS:
        add(module.DESCRIPTOR)
    return files


def main() -> None:
    """Write them."""
    files = serving_files()
    OUTPUT.write_bytes(files.SerializeToString(deterministic=True))
    print(f"{OUTPUT}: {len(files.file)} files, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
