"""Answer batches with ONNX files, by nothing but ONNX Runtime and NumPy.

Run as a script: each line of standard input is the JSON of [path, {input: values}], each line of standard output that
of {"outputs": {name: [type, shape, values]}} or {"error": message}.
"""

import json
import sys
from typing import Any

import numpy as np

EXTENSIONS = "ai.onnx.contrib"  # the domain of the ops of onnxruntime-extensions


def open_session(path: str, threads: int | None = None) -> Any:
    """Open a file; onnxruntime-extensions is loaded for files that have ops of it.

    Args:
        path: str. The file.
        threads: int or None, default None. Cores that an answer may use; None is ONNX Runtime's choice.

    Returns:
        `onnxruntime.InferenceSession`.
    """
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised as well
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        if EXTENSIONS not in str(error):
            raise
    import onnxruntime_extensions  # type: ignore[import-untyped]

    options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def answer(session: Any, inputs: dict[str, list]) -> dict[str, list]:
    """Run a session, and return [type, shape, values] of each output."""
    kinds = {one.name: object if one.type == "tensor(string)" else np.int32 for one in session.get_inputs()}
    names = [one.name for one in session.get_outputs()]
    found = session.run(names, {name: np.array(inputs[name], kind) for name, kind in kinds.items()})
    types = ["string" if values.dtype == object else values.dtype.name for values in found]
    return {n: [kind, one.shape, one.reshape(-1).tolist()] for n, kind, one in zip(names, types, found)}


def main() -> None:
    """Answer until standard input ends."""
    path, session = None, None
    for line in sys.stdin:
        given, inputs = json.loads(line)
        try:
            if given != path:
                path, session = given, open_session(given)
            said: dict[str, Any] = {"outputs": answer(session, inputs)}
        except Exception as error:
            said = {"error": str(error)}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
