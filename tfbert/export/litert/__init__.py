"""LiteRT (TFLite) files: strings in, answers out, on phones and small machines.

model = tfbert.export.litert.load("sentiment.tflite", threads=2)
model.predict(["What a lovely day"])["label"]
"""

from tfbert.export.litert.litert_model import LiteRTModel, load

__all__ = ["LiteRTModel", "load"]
