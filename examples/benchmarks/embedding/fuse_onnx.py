"""Fuse a graph as ONNX Runtime advises for BERT, and quantize it: `fuse_onnx.py GRAPH CONFIG FLOAT32 INT8`."""

import json
import sys
from pathlib import Path

from onnx import TensorProto
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model

graph, config, float32, int8 = sys.argv[1:]
sizes = json.loads(Path(config).read_text())
fused = optimize_model(
    graph, model_type="bert", num_heads=sizes["num_attention_heads"], hidden_size=sizes["hidden_size"], opt_level=0
)
print(fused.get_fused_operator_statistics())
fused.save_model_to_file(float32)
# What fused nodes return is of no type that `onnx` knows.
quantize_dynamic(float32, int8, per_channel=True, extra_options={"DefaultTensorType": TensorProto.FLOAT})
