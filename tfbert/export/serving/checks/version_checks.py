"""The checks of one version folder; each returns what it found, or raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.export.formats import size_of
from tfbert.export.serving.checks.exported_version import ExportedVersion
from tfbert.export.serving.manifest import MANIFEST_FILE, check_manifest
from tfbert.export.serving.recorded_answers import ANSWERS_FILE
from tfbert.export.serving.server_flags import XLA_FLAG
from tfbert.export.serving.warmup import WARMUP_FILE, read_warmup, warmup_request
from tfbert.export.signature_inputs import signature_inputs
from tfbert.export.verify import TOLERANCE, ExportError, check_ops, compare_outputs, compiled_functions, ops_of

MOST_GRAPH_BYTES = 2**31 - 1  # protobuf reads no more


class NothingToCheck(Exception):
    """What a check looks at is not there, and need not be."""


def check_files(version: ExportedVersion) -> str:
    """The manifest, where a bundle has one."""
    folder = version.folder
    if not (folder / MANIFEST_FILE).is_file():
        if (folder / ANSWERS_FILE).exists() or (folder / WARMUP_FILE).exists():
            raise ValueError(f"{MANIFEST_FILE} is missing. Copy the folder again, as a whole.")
        raise NothingToCheck(f"no {MANIFEST_FILE}: not exported with --format serving")
    check_manifest(folder)
    return "every file is the one that was exported"


def check_sizes(version: ExportedVersion) -> str:
    """The files that every SavedModel has, and their sizes."""
    folder = version.folder
    for name in ("saved_model.pb", "variables/variables.index"):
        if not (folder / name).is_file():
            raise ValueError(f"{name} is missing.")
    graph = (folder / "saved_model.pb").stat().st_size
    if graph > MOST_GRAPH_BYTES:
        raise ValueError(f"saved_model.pb has {graph} bytes; at most {MOST_GRAPH_BYTES} can be read.")
    count = sum(path.is_file() for path in folder.rglob("*"))
    return f"{count} files, {size_of(folder) / 1e6:.1f} MB, of which the graph {graph / 1e6:.1f} MB"


def check_server_ops(version: ExportedVersion) -> str:
    """The ops: those of this TensorFlow, of which an older server may lack some, and of text those that one links."""
    tables = bool(version.metadata.get("lookup_tables"))
    check_ops(version.folder, allow_lookup_tables=tables, allow_compiled=True)
    count = len(ops_of(version.folder))
    return f"{count} kinds, of TensorFlow {tf.__version__} or of the tensorflow-text in stock servers"


def check_compiled(version: ExportedVersion) -> str:
    """XLA: what is compiled is what the export says."""
    compiled = compiled_functions(version.folder)
    if bool(compiled) != version.is_compiled:
        raise ValueError(f"The export says jit_compile={version.is_compiled}; {len(compiled)} functions are compiled.")
    needed = f"; on a CPU the server needs {XLA_FLAG}=true"
    return f"{len(compiled)} functions are compiled{needed if compiled else ''}"


def check_signatures(version: ExportedVersion) -> str:
    """The signatures: names, methods, keys, types and shapes."""
    definitions = version.definitions
    missing = sorted({"serving_default", "tokenize", "ids"} - set(definitions))
    if missing:
        raise ValueError(f"The signature {missing[0]!r} is missing. Found: {sorted(definitions)}.")
    for name, definition in definitions.items():
        if definition.method_name != tf.saved_model.PREDICT_METHOD_NAME:
            raise ValueError(f"{name} has the method {definition.method_name!r}, not TensorFlow 2's.")
        for key, info in [*definition.inputs.items(), *definition.outputs.items()]:
            sizes = [dim.size for dim in info.tensor_shape.dim]
            if info.tensor_shape.unknown_rank or sizes[:1] != [-1]:
                raise ValueError(f"{name}/{key} is not batch-major: its shape is {sizes or 'unknown'}.")
    for name in ("serving_default", "tokenize"):
        _check_keys(f"the inputs of {name}", definitions[name].inputs, version.metadata["inputs"], tf.string)
    _check_keys("the inputs of ids", definitions["ids"].inputs, definitions["tokenize"].outputs, tf.int32)
    if "classify" in definitions:
        _check_keys("the inputs of classify", definitions["classify"].inputs, ["inputs"], tf.string)
        _check_output(definitions["classify"], "classes", tf.string)
        _check_output(definitions["classify"], "scores", tf.float32)
    if "regress" in definitions:
        _check_keys("the inputs of regress", definitions["regress"].inputs, ["inputs"], tf.string)
        _check_output(definitions["regress"], "outputs", tf.float32)
    return ", ".join(sorted(definitions))


def check_recorded(version: ExportedVersion) -> str:
    """The answers: those of the day of the export."""
    recorded = version.recorded
    if recorded is None:
        raise NothingToCheck("no answers are recorded")
    asked = signature_inputs(version.signatures, recorded["columns"])
    if set(asked) != set(recorded["answers"]):
        raise ValueError(f"Answers of {sorted(recorded['answers'])} are recorded; the model has {sorted(asked)}.")
    for name, inputs in asked.items():
        found = version.ask(name, inputs)
        expected = {
            key: values.astype(found[key].dtype) if key in found and values.dtype != object else values
            for key, values in recorded["answers"][name].items()
        }
        compare_outputs(name, expected, found, exactly=recorded["exactly"])
    kind = f"equal to {TOLERANCE}" if recorded["exactly"] else "drawn by chance, so of the same form"
    return f"{len(asked)} signatures, {kind}"


def check_rows(version: ExportedVersion) -> str:
    """The rows: each has an answer, which does not depend on the others of its batch."""
    exactly = version.recorded is None or version.recorded["exactly"]
    for name, inputs in version.batch.items():
        whole = version.batch_answers[name]
        for rows in (slice(0, 1), slice(1, 2), slice(1, 3), slice(0, None)):
            part = {key: tensor[rows] for key, tensor in inputs.items()}
            count = len(next(iter(part.values())))
            for key, values in version.ask(name, part).items():
                if values.shape[:1] != (count,):
                    raise ValueError(f"{name}/{key} has the shape {values.shape} for {count} rows.")
                if exactly:
                    _check_same(name, key, values, whole[key][rows])
    return "1, 2 and 5 rows are answered alike"


def check_texts(version: ExportedVersion) -> str:
    """The strings: REST needs UTF-8."""
    count = 0
    for name, answers in version.batch_answers.items():
        for key, values in answers.items():
            for text in values.reshape(-1).tolist() if values.dtype == object else ():
                try:
                    text.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise ValueError(f"{name}/{key} holds a string that is no UTF-8.") from error
                count += 1
    return f"{count} strings are UTF-8"


def check_warmup(version: ExportedVersion) -> str:
    """The warm-up records: each is answered."""
    records = read_warmup(version.folder)
    if not records:
        raise NothingToCheck("no warm-up records")
    for place, record in enumerate(records):
        name, inputs = warmup_request(record)
        if name not in version.signatures:
            raise ValueError(f"Record {place} asks for the signature {name!r}, which the model lacks.")
        version.ask(name, {key: tf.constant(values) for key, values in inputs.items()})
    return f"{len(records)} records are answered"


# By name, in their order; what comes after FIRST is not run where one of those failed.
FIRST: dict[str, Callable[[ExportedVersion], str]] = {"manifest": check_files, "files": check_sizes}
FURTHER: dict[str, Callable[[ExportedVersion], str]] = {
    "ops": check_server_ops,
    "xla": check_compiled,
    "signatures": check_signatures,
    "answers": check_recorded,
    "rows": check_rows,
    "utf-8": check_texts,
    "warm-up": check_warmup,
}


def _check_keys(what: str, found: Any, expected: Any, dtype: tf.DType) -> None:
    """Refuse tensors of other names or another type."""
    if set(found) != set(expected):
        raise ValueError(f"{what} are {sorted(found)}, not {sorted(expected)}.")
    for key, info in found.items():
        if info.dtype != dtype.as_datatype_enum:
            raise ValueError(f"{what}: {key} must be {dtype.name}. Found: {tf.as_dtype(info.dtype).name}.")


def _check_output(definition: Any, key: str, dtype: tf.DType) -> None:
    """Refuse what TF Serving's classify and regress cannot read: two axes, one row for each example."""
    info = definition.outputs.get(key) if key in definition.outputs else None
    if info is None or info.dtype != dtype.as_datatype_enum or len(info.tensor_shape.dim) != 2:
        raise ValueError(f"The output {key!r} must be there, {dtype.name} with two axes.")


def _check_same(name: str, key: str, part: np.ndarray, whole: np.ndarray) -> None:
    """Refuse rows that differ; of the wider ones, padded at either end for their neighbours, the padding is cut off."""
    for from_end in (False, True):
        try:
            compare_outputs(name, {key: _cut(whole, part, from_end)}, {key: _cut(part, whole, from_end)})
        except ExportError:
            continue
        return
    raise ValueError(f"{name}/{key} differs with the number of rows: rows depend on their neighbours.")


def _cut(values: np.ndarray, other: np.ndarray, from_end: bool) -> np.ndarray:
    """As many entries along each further axis as both have."""
    cuts = [slice(None)]
    for size, limit in zip(values.shape[1:], other.shape[1:]):
        common = min(size, limit)
        cuts.append(slice(size - common, None) if from_end else slice(common))
    return values[tuple(cuts)]
