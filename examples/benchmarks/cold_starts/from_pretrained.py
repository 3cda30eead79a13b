"""From nothing to the answers of a checkpoint in Python: `from_pretrained.py FOLDER TEXT`."""

import sys
from importlib import import_module

from examples.benchmarks.cold_starts.steps import timed

folder, text = sys.argv[1:]
found = {}


def load():
    found["embedder"] = sys.modules["tfbert.tasks"].TextEmbedder.from_pretrained(folder)


def answer():
    found["embedder"].predict([text], verbose=0)


timed(
    {
        "tensorflow": lambda: import_module("tensorflow"),
        "tfbert.tasks": lambda: import_module("tfbert.tasks").TextEmbedder,
        "from_pretrained": load,
        "first answer": answer,
        "second answer": answer,
    }
)
