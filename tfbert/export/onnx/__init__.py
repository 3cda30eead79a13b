"""ONNX files of tasks: `load` opens them without TensorFlow; a task's `export` writes them."""

from tfbert.export.onnx.onnx_model import OnnxModel, load

__all__ = ["OnnxModel", "load"]
