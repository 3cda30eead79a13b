"""TensorFlow, which imports Keras, and tensorflow-text; then all of tfbert that loads and answers."""

from importlib import import_module

from examples.benchmarks.cold_starts.steps import timed

timed(
    {
        "tensorflow, with Keras": lambda: import_module("tensorflow").keras.Model,
        "tensorflow_text": lambda: import_module("tensorflow_text"),
        "tfbert, beyond these": lambda: import_module("tfbert").pipeline,
        "tfbert.tasks": lambda: import_module("tfbert.tasks").TextEmbedder,
    }
)
