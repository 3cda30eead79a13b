"""Every task gives one answer: the Keras model, its SavedModel without tfbert, a C program, and a `.keras` file."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.export.c_program import answer_in_c, build_c_program
from tests.tasks.pipelines.references import make_folder
from tests.tasks.task_table import TASKS
from tfbert.str_array import as_str_array
from tfbert.tasks.served_task import ServedTask

TOLERANCE = 1e-5
IN_A_NEW_PROCESS = """
import json, sys
import tensorflow as tf
import tensorflow_text
for line in sys.stdin:
    path, inputs = json.loads(line)
    model = tf.saved_model.load(path)
    answer = model.signatures["serving_default"](**{name: tf.constant(column) for name, column in inputs.items()})
    assert "tfbert" not in sys.modules
    values = {name: value.numpy().tolist() for name, value in answer.items()}
    print(json.dumps(values, default=bytes.decode), flush=True)
"""


@pytest.fixture(scope="module")
def other_process():
    """Return a function that asks a process without tfbert, which loads a SavedModel and answers a batch."""
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_NEW_PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
    ) as process:

        def ask(path, inputs):
            process.stdin.write(json.dumps([str(path), inputs]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


@pytest.fixture(scope="module")
def c_program(tmp_path_factory):
    if shutil.which("gcc") is None:
        pytest.skip("NO GCC: the C API loader was NOT tested")
    return build_c_program(tmp_path_factory.mktemp("c"))


def dense(inputs):
    """Columns as a signature takes them: lists of several texts filled up with ""."""
    filled = {}
    for name, column in inputs.items():
        if isinstance(column[0], list):
            width = max(map(len, column))
            column = [[*texts, *[""] * (width - len(texts))] for texts in column]
        filled[name] = column
    return filled


def assert_same(found, expected):
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        values, other = np.asarray(values), np.asarray(found[name])
        if values.dtype.kind == "f":
            np.testing.assert_allclose(other.reshape(values.shape), values, atol=TOLERANCE, err_msg=name)
        else:
            assert other.reshape(values.shape).tolist() == values.tolist(), name


QUICK = ("QuestionAnswerer",)  # which takes two columns


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=row.task, marks=() if row.task in QUICK else pytest.mark.slow) for row in TASKS],
)
def test_every_loader_gives_the_same_answer(row, tmp_path, other_process, c_program):
    task = row.load(make_folder(tmp_path, row.folder))
    path = task.export(tmp_path / "export" / "1")
    expected = task.predict(row.inputs, verbose=0)
    assert_same({name: as_str_array(value.numpy()) for name, value in task(row.inputs).items()}, expected)
    assert_same(other_process(path, dense(row.inputs)), expected)

    one = {name: column[0] for name, column in row.inputs.items()}
    answer = task.predict({name: [value] for name, value in one.items()}, verbose=0)
    assert_same(answer_in_c(c_program, path, one), {name: values[0] for name, values in answer.items()})

    task.save(tmp_path / "task.keras")
    again = keras.models.load_model(tmp_path / "task.keras")
    assert (type(again), again.options()) == (type(task), task.options())
    assert_same(again.predict(row.inputs, verbose=0), expected)

    served = ServedTask(path)
    assert (served.task_name, served.metadata["options"]) == (task.task_name, task.options())
    assert_same(served.predict(row.inputs, batch_size=2), expected)
