"""The program in `c_api`, which answers a row from a SavedModel without Python."""

import subprocess
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_text

SOURCE = Path(__file__).parent / "c_api" / "answer.c"


def build_c_program(folder):
    """Compile the program with the libraries of the TensorFlow that is installed."""
    library, program = Path(tf.sysconfig.get_lib()), folder / "answer"
    subprocess.run(
        [
            *("gcc", "-std=c11", "-Wall", "-Werror", str(SOURCE), "-o", str(program)),
            *(f"-I{tf.sysconfig.get_include()}", f"-L{library}", f"-Wl,-rpath,{library}"),
            *("-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"),
        ],
        check=True,
    )
    return program


def answer_in_c(program, saved_model, row):
    """The answers to one row of `serving_default`, flat: numbers as floats, strings as str."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(saved_model))
        signature = meta.signature_def["serving_default"]
    given = []
    for name, text in row.items():
        tensor = signature.inputs[name].name
        given += ["-i", tensor, text] if isinstance(text, str) else ["-l", tensor, str(len(text)), *text]
    asked = sorted(signature.outputs)
    kernels = Path(tensorflow_text.__file__).parent / "python" / "ops"
    wanted = [part for name in asked for part in ("-o", signature.outputs[name].name)]
    result = subprocess.run(
        [str(program), str(kernels), str(saved_model), *given, *wanted], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    lines = iter(result.stdout.split("\n"))
    answers = {}
    for name in asked:
        values = [next(lines) for _ in range(int(next(lines)))]
        is_text = signature.outputs[name].dtype == tf.string.as_datatype_enum
        answers[name] = [bytes.fromhex(value).decode() for value in values] if is_text else np.array(values, float)
    return answers
