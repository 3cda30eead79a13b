"""The turns of `scaling.py`: a SavedModel embeds each of several batches; `scaling_turns.py SAVED_MODEL BATCHES`."""

import json
import sys
import time
from pathlib import Path

import tensorflow as tf
import tensorflow_text  # noqa: F401  # registers the tokenizer's ops

from examples.benchmarks.peers import serve_turns

AT_LEAST = 0.1  # seconds for a batch, which is embedded again and again until then

path, batches = sys.argv[1:]
model = tf.saved_model.load(path)
answer = model.signatures["serving_default"]
batches = [tf.constant(texts) for texts in json.loads(Path(batches).read_text())]


def seconds_of(texts):
    """Mean seconds of a call."""
    start, calls = time.perf_counter(), 0
    while calls == 0 or time.perf_counter() - start < AT_LEAST:
        answer(text=texts)["embedding"].numpy()
        calls += 1
    return (time.perf_counter() - start) / calls


serve_turns({"versions": f"tensorflow {tf.__version__}"}, lambda: {"seconds": [seconds_of(one) for one in batches]})
