"""Big models: what loading takes in memory beside the model itself, measured in a process of its own."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.checkpoints.torch_bytes import state_dict, tensor, zip_file
from tfbert import BertConfig
from tfbert.checkpoints.formats.safetensors_writer import write_safetensors

MOST = 1.3  # times the checkpoint's size in float32
# As wide as BERT-base, so that the word table is a fifth of the whole.
CONFIG = BertConfig(num_hidden_layers=12, architectures=["BertModel"])
CODE = """
import pathlib, resource, sys
from tfbert import BertConfig, TFBertModel

def peak():
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # Linux counts the process that started this one into ru_maxrss
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

small = BertConfig(
    vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
    max_position_embeddings=12,
)
TFBertModel(small).save_pretrained(sys.argv[1])
TFBertModel.from_pretrained(sys.argv[1])([[1, 2]])
before = peak()
model = TFBertModel.from_pretrained(sys.argv[2])
print("RESULT", peak() - before, model.count_params())
"""


def shapes():
    """The shapes of BERT-base's weights by PyTorch's names, and the bytes that they take in float32."""
    size, inner = CONFIG.hidden_size, CONFIG.intermediate_size
    found = {
        "embeddings.word_embeddings.weight": (CONFIG.vocab_size, size),
        "embeddings.position_embeddings.weight": (CONFIG.max_position_embeddings, size),
        "embeddings.token_type_embeddings.weight": (CONFIG.type_vocab_size, size),
        "embeddings.LayerNorm.weight": (size,),
        "embeddings.LayerNorm.bias": (size,),
        "pooler.dense.weight": (size, size),
        "pooler.dense.bias": (size,),
    }
    for layer in range(CONFIG.num_hidden_layers):
        parts = {f"attention.self.{part}": (size, size) for part in ("query", "key", "value")}
        parts |= {"attention.output.dense": (size, size), "intermediate.dense": (inner, size)}
        parts |= {"output.dense": (size, inner), "attention.output.LayerNorm": (size,), "output.LayerNorm": (size,)}
        for part, shape in parts.items():
            found[f"encoder.layer.{layer}.{part}.weight"] = shape
            found[f"encoder.layer.{layer}.{part}.bias"] = shape[:1]
    return found


def write_bin(arrays, folder):
    operations, contents = {}, {}
    for index, (name, load) in enumerate(arrays.items()):
        array = load()
        strides = [int(np.prod(array.shape[axis + 1 :])) for axis in range(array.ndim)]
        operations[name] = tensor(array.shape, strides=strides, key=str(index), count=array.size)
        contents[f"data/{index}"] = array.tobytes()
    zip_file(folder / "pytorch_model.bin", state_dict(**operations), contents)


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_safetensors, pytest.param(write_bin, marks=pytest.mark.exhaustive)])
def test_loading_takes_little_more_than_the_model(write, tmp_path):
    arrays = {name: lambda shape=shape: np.full(shape, 0.02, np.float32) for name, shape in shapes().items()}
    CONFIG.save_pretrained(tmp_path)
    write(arrays, tmp_path)
    command = [sys.executable, "-c", CODE, str(tmp_path / "small"), str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True)
    _, peak, count = next(line for line in process.stdout.splitlines() if line.startswith("RESULT")).split()
    assert int(count) == sum(int(np.prod(shape)) for shape in shapes().values())
    ratio = int(peak) / (4 * int(count))
    print(f"peak {int(peak) / 1e6:.0f} MB for weights of {4 * int(count) / 1e6:.0f} MB in float32: {ratio:.2f}")
    assert 0.9 < ratio <= MOST
