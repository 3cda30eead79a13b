"""From nothing to the answers of a SavedModel: `serve.py PATH TEXT`, without tfbert."""

import sys
from importlib import import_module

from examples.benchmarks.cold_starts.steps import timed

path, text = sys.argv[1:]
found = {}


def load():
    found["model"] = sys.modules["tensorflow"].saved_model.load(path)


def answer():
    tf = sys.modules["tensorflow"]
    found["model"].signatures["serving_default"](text=tf.constant([text]))["embedding"].numpy()


timed(
    {
        "tensorflow": lambda: import_module("tensorflow"),
        "tensorflow_text": lambda: import_module("tensorflow_text"),
        "load the SavedModel": load,
        "first answer": answer,
        "second answer": answer,
    }
)
