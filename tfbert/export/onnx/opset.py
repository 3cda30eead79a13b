"""Which ONNX operators exported files are written with."""

# The newest set that tf2onnx converts to; ONNX Runtime runs it since 1.14.
OPSET = 18
