"""Runs exported tokenizers in a process of its own, without TensorFlow (ONNX) or without tfbert (LiteRT).

    python -m scripts.parity.exported_runner onnx|litert MODEL ...

Reads pickled (number of the model, columns of texts) from stdin and answers each with the arrays of ids on stdout.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable

import numpy as np

Run = Callable[[list[list[str]]], dict[str, np.ndarray]]
INPUTS = ("text", "text_pair")
ABSENT = {"onnx": {"tensorflow", "tfbert"}, "litert": {"tfbert"}}


def onnx_runner(path: str) -> Run:
    """Return the file as a function from columns of texts to arrays."""
    import onnxruntime
    from onnxruntime_extensions import get_library_path

    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(get_library_path())
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(columns):
        # NUL ends a string of ONNX Runtime's; U+0002 is as NUL to the tokenizer, and in no vocabulary.
        given = {name: as_array(text.replace("\0", "\2") for text in texts) for name, texts in zip(INPUTS, columns)}
        return dict(zip(names, session.run(names, given)))

    return run


def litert_runner(path: str) -> Run:
    """Return the file as a function from columns of texts to arrays."""
    from ai_edge_litert.interpreter import InterpreterWithCustomOps
    from tensorflow_text.core.pybinds import tflite_registrar

    interpreter = InterpreterWithCustomOps(
        model_path=path, custom_op_registerers=list(tflite_registrar.SELECT_TFTEXT_OPS)
    )
    runner = interpreter.get_signature_runner("tokenize")
    return lambda columns: runner(**{name: as_array(texts) for name, texts in zip(INPUTS, columns)})


def as_array(texts) -> np.ndarray:
    """Return texts as an array of objects: one of fixed width would lose NUL at the end."""
    texts = list(texts)
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def main() -> None:
    """Answer until stdin ends."""
    form, *paths = sys.argv[1:]
    runners = [{"onnx": onnx_runner, "litert": litert_runner}[form](path) for path in paths]
    present = ABSENT[form] & set(sys.modules)
    if present:
        raise RuntimeError(f"This process has imported {', '.join(sorted(present))}.")
    while True:
        try:
            model, columns = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(runners[model](columns), sys.stdout.buffer, protocol=5)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
