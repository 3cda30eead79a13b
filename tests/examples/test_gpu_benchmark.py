"""`examples/benchmarks/gpu.py`: what the first step writes, and that the second one needs no TensorFlow to read it."""

import json
import re
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

from examples.benchmarks import peers
from examples.benchmarks.gpu_encoder.bundle import Bundle, random_weights
from examples.benchmarks.gpu_encoder.first_step import export, operations
from examples.benchmarks.gpu_encoder.fusions import summary
from tests.conftest import FIXTURES
from tfbert import BertConfig, TFBertModel

MODEL = FIXTURES / "tiny" / "model_gelu_l2"
SCRIPT = peers.ROOT / "examples" / "benchmarks" / "gpu.py"
BATCH, LENGTH = 3, 8
ELEMENTS = {"float32": "f32", "bfloat16": "bf16"}

# The forms of an NVIDIA card: a product by a library, one by Triton, a command buffer, a reduction outside fusions.
HLO = """HloModule jit_run, is_scheduled=true

%add (x: f32[], y: f32[]) -> f32[] {
  %x = f32[] parameter(0)
  %y = f32[] parameter(1)
  ROOT %sum = f32[] add(%x, %y)
}

%fused_norm (p: bf16[32,96]) -> f32[32] {
  %p = bf16[32,96]{1,0} parameter(0)
  %wide = f32[32,96]{1,0} convert(%p)
  %zero = f32[] constant(0)
  ROOT %sums = f32[32]{0} reduce(%wide, %zero), dimensions={1}, to_apply=%add
}

%gemm_dot (a: bf16[32,32], b: bf16[32,96]) -> bf16[32,96] {
  %a = bf16[32,32]{1,0} parameter(0)
  %b = bf16[32,96]{1,0} parameter(1)
  ROOT %dot.1 = bf16[32,96]{1,0} dot(%a, %b), lhs_contracting_dims={1}, rhs_contracting_dims={0}
}

%command_buffer (c: bf16[32,32], d: bf16[32,96]) -> f32[32] {
  %c = bf16[32,32]{1,0} parameter(0)
  %d = bf16[32,96]{1,0} parameter(1)
  %gemm = (bf16[32,96]{1,0}, s8[1024]{0}) custom-call(%c, %d), custom_call_target="__cublas$lt$matmul"
  %first = bf16[32,96]{1,0} get-tuple-element(%gemm), index=0
  %triton = bf16[32,96]{1,0} fusion(%c, %first), kind=kCustom, calls=%gemm_dot, backend_config={"kind":"__triton_gemm"}
  ROOT %norm = f32[32]{0} fusion(%triton), kind=kInput, calls=%fused_norm
}

ENTRY %main (e: bf16[32,32], f: bf16[32,96]) -> f32[] {
  %e = bf16[32,32]{1,0} parameter(0)
  %f = bf16[32,96]{1,0} parameter(1)
  %called = f32[32]{0} call(%e, %f), to_apply=%command_buffer
  %none = f32[] constant(0)
  ROOT %total = f32[] reduce(%called, %none), dimensions={0}, to_apply=%add
}
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return export(tmp_path_factory.mktemp("gpu"), MODEL, [1, BATCH], [LENGTH], ["bfloat16", "float32"])


def test_modules_take_ids_mask_and_the_weights_in_the_order_of_the_manifest(bundle):
    modules = bundle.manifest["modules"]
    assert [(row["dtype"], row["batch"]) for row in modules] == [
        (d, b) for d in ("bfloat16", "float32") for b in (1, 3)
    ]
    for row in modules:
        text = bundle.module(row)
        taken = re.findall(r"%arg\d+: tensor<([0-9x]+)x(\w+)>", re.search(r"func @main\((.*)\) ->", text)[1])
        shapes = [bundle.manifest["weights"][name] for name in bundle.manifest["arguments"]]
        expected = [([row["batch"], LENGTH], "i32")] * 2 + [(shape, ELEMENTS[row["dtype"]]) for shape in shapes]
        assert [([int(size) for size in shape.split("x")], element) for shape, element in taken] == expected
        assert len(re.findall(r"stablehlo\.dot", text)) == 2 * 6  # qkv, scores, context, and three dense layers
        assert ("HIGHEST" in text) == (row["dtype"] == "float32")


def test_the_folder_gives_back_weights_and_texts_and_tells_right_states_from_wrong(bundle):
    model = TFBertModel.from_pretrained(MODEL, add_pooling_layer=False, execution="packed", dtype="float32")
    written = Bundle(bundle.folder).weights()
    for variable in model.variables:
        if variable.path in written:
            np.testing.assert_array_equal(written[variable.path], variable.numpy().astype(ml_dtypes.bfloat16))
            variable.assign(written[variable.path].astype(np.float32))
    assert set(bundle.manifest["arguments"]) <= set(written)
    ids, mask = bundle.texts(BATCH, LENGTH)
    assert mask.sum(axis=1).tolist() == [8, 6, 8]
    states = np.where(mask[..., None], model(ids, attention_mask=mask).last_hidden_state, 0)
    with np.load(bundle.folder / "texts.npz") as stored:
        reference = stored[f"reference_{LENGTH}"]
    np.testing.assert_allclose(states[:2], np.where(mask[:2, :, None], reference, 0), atol=1e-5)
    assert bundle.largest_difference(reference[:1], LENGTH) == 0
    assert bundle.largest_difference(reference[:, ::-1], LENGTH) > 0.1


def test_operations_are_those_of_the_matrices_the_scores_and_the_contexts():
    config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=3, num_attention_heads=2, intermediate_size=20)
    model = TFBertModel(config, add_pooling_layer=False)
    matrices = sum(v.shape.num_elements() for v in model.variables if v.path.endswith("kernel"))
    heads = 3 * 2 * 2 * (2 * 7 * 7 * 4) * 5  # layers, heads, two products of 7 x 4 with 4 x 7, texts
    assert operations(config, batch=5, length=7) == 2 * matrices * 5 * 7 + heads


def test_random_weights_are_the_same_everywhere():
    drawn = random_weights({"dense/kernel": [2, 2], "norm/gamma": [2]})
    assert drawn["dense/kernel"].dtype == ml_dtypes.bfloat16
    # The first numbers of NumPy's legacy generator with the seed 0, times 0.02.
    np.testing.assert_allclose(drawn["dense/kernel"].astype(float), [[0.03528, 0.008], [0.01957, 0.04482]], rtol=4e-3)
    np.testing.assert_allclose(drawn["norm/gamma"].astype(float), [1.03735, 0.98045], rtol=4e-3)


def test_what_the_pytorch_contender_cannot_compute_is_refused(tmp_path):
    config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    with pytest.raises(ValueError, match=r"`hidden_act` must be 'gelu' or .* Received: 'mish'"):
        export(tmp_path, config.replace(hidden_act="mish"), [1], [4], ["float32"])
    assert not list(tmp_path.iterdir())


def test_kernels_are_told_from_the_steps_within_fusions():
    assert summary(HLO) == {
        "kernels": {"__cublas$lt$matmul": 1, "fusion __triton_gemm": 1, "fusion kInput": 1, "reduce": 1},
        "in fusions": {"reduce": 1, "dot": 1},
    }


def test_without_jax_the_second_step_names_it_and_has_imported_no_tensorflow(bundle):
    code = (
        "import sys; sys.modules['jax'] = None\n"
        "from examples.benchmarks import gpu\n"
        f"try:\n    gpu.main(['run', {str(bundle.folder)!r}])\n"
        "finally:\n    print(sorted({'tensorflow', 'keras', 'tfbert'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=peers.ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (1, "[]\n")
    assert "This step needs JAX: pip install" in ended.stderr


@pytest.mark.exhaustive
@pytest.mark.weights  # makes the environment with JAX
def test_jax_computes_what_tensorflow_does(bundle, tmp_path):
    options = ["--peak-size", "64", "--rounds", "1", "--seconds", "0.01", "--peers"]
    command = [peers.python_of("jax"), str(SCRIPT), "run", str(bundle.folder), *options]
    subprocess.run([*command, "--json", str(tmp_path / "out.json")], check=True)
    runs = json.loads((tmp_path / "out.json").read_text())["runs"]
    differences = {(one["dtype"], one["batch"]): one["contenders"]["tfbert"]["largest_difference"] for one in runs}
    assert set(differences) == {(dtype, batch) for dtype in ELEMENTS for batch in (1, BATCH)}
    for (dtype, _), difference in differences.items():
        assert 0 < difference < {"float32": 1e-5, "bfloat16": 0.1}[dtype]
    refused = subprocess.run([*command, "--shapes", "9x9"], capture_output=True, text=True)
    assert refused.returncode == 1
    assert "is 9x9. It has: bfloat16 1x8" in refused.stderr
