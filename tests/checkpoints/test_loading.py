"""Checkpoint folders in every state: prefixed or not, old names, half precision, broken in every way."""

import json
import logging
import shutil

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

from tests.conftest import FIXTURES
from tfbert import TFBertForSequenceClassification, TFBertModel

IDS = np.array([[2, 5, 6, 3], [2, 7, 3, 0]])


@pytest.fixture
def folder(tmp_path):
    """A copy of the committed bare model, whose names have no `bert.` prefix."""
    target = tmp_path / "model"
    shutil.copytree(FIXTURES / "tiny" / "model_gelu_l2", target)
    return target


def rewrite(folder, change):
    """Replace the folder's weights by `change(weights)`."""
    path = folder / "model.safetensors"
    weights = change(safetensors.numpy.load_file(path))
    safetensors.numpy.save_file(weights, path, metadata={"format": "pt"})


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"bert.{name}",
        lambda name: name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
        lambda name: f"bert.{name}".replace("LayerNorm.weight", "LayerNorm.gamma"),
    ],
)
def test_other_names_load_alike(folder, rename):
    expected = TFBertModel.from_pretrained(folder)(IDS).last_hidden_state
    rewrite(folder, lambda weights: {rename(name): array for name, array in weights.items()})
    model, info = TFBertModel.from_pretrained(folder, output_loading_info=True)
    np.testing.assert_array_equal(model(IDS).last_hidden_state, expected)
    assert info == {"missing_keys": [], "unexpected_keys": [], "mismatched_keys": []}


@pytest.mark.parametrize("name", ["embeddings.position_ids", "embeddings.token_type_ids"])
def test_buffers_of_old_files_are_passed_over(folder, name):
    rewrite(folder, lambda weights: {**weights, name: np.arange(48)[None]})
    _, info = TFBertModel.from_pretrained(folder, output_loading_info=True)
    assert info["unexpected_keys"] == []


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_half_precision_files_load_as_float32(folder, dtype):
    original = safetensors.numpy.load_file(folder / "model.safetensors")
    rewrite(folder, lambda weights: {name: array.astype(dtype) for name, array in weights.items()})
    model = TFBertModel.from_pretrained(folder)
    kernel = model.bert.pooler.dense.kernel.numpy()
    assert kernel.dtype == np.float32
    np.testing.assert_array_equal(kernel, original["pooler.dense.weight"].astype(dtype).astype(np.float32).T)


def test_new_head_is_reported_and_logged(folder, caplog):
    with caplog.at_level(logging.WARNING, logger="tfbert"):
        model, info = TFBertForSequenceClassification.from_pretrained(folder, num_labels=5, output_loading_info=True)
    assert info["missing_keys"] == ["classifier.bias", "classifier.weight"]
    assert model(IDS).logits.shape == (2, 5)
    assert "newly initialized" in caplog.text
    assert "classifier.weight" in caplog.text


def test_weights_without_a_place_are_reported(folder, caplog):
    rewrite(folder, lambda weights: {**weights, "cls.predictions.bias": np.zeros(110, np.float32)})
    with caplog.at_level(logging.INFO, logger="tfbert"):
        _, info = TFBertModel.from_pretrained(folder, output_loading_info=True)
    assert info["unexpected_keys"] == ["cls.predictions.bias"]
    assert "cls.predictions.bias" in caplog.text


def test_missing_pooler_is_new_but_missing_encoder_weight_is_an_error(folder):
    def without(*prefixes):
        return lambda weights: {name: array for name, array in weights.items() if not name.startswith(prefixes)}

    rewrite(folder, without("pooler"))
    _, info = TFBertModel.from_pretrained(folder, output_loading_info=True)
    assert info["missing_keys"] == ["bert.pooler.dense.bias", "bert.pooler.dense.weight"]
    rewrite(folder, without("encoder.layer.1.output.dense.weight"))
    with pytest.raises(ValueError, match=r"lacks 1 weights.*bert\.encoder\.layer\.1\.output\.dense\.weight"):
        TFBertModel.from_pretrained(folder)


def test_another_shape_is_an_error_or_left_new(folder):
    source = FIXTURES / "tiny" / "classifier_single_label"
    with pytest.raises(ValueError, match=r"classifier\.weight: \[3, 32\] in the checkpoint, \[7, 32\] in the model"):
        TFBertForSequenceClassification.from_pretrained(source, num_labels=7)
    model, info = TFBertForSequenceClassification.from_pretrained(
        source, num_labels=7, ignore_mismatched_sizes=True, output_loading_info=True
    )
    assert ("classifier.weight", (3, 32), (7, 32)) in info["mismatched_keys"]
    assert model(IDS).logits.shape == (2, 7)


def test_fused_weights_are_checked_one_by_one(folder):
    name = "encoder.layer.0.attention.self.key.weight"
    rewrite(folder, lambda weights: {**weights, name: np.zeros((16, 32), np.float32)})
    with pytest.raises(ValueError, match=r"key\.weight: \[16, 32\] in the checkpoint, \[32, 32\] in the model"):
        TFBertModel.from_pretrained(folder)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_told(folder, caplog, value):
    def spoil(weights):
        weights["pooler.dense.bias"][3] = value
        return weights

    rewrite(folder, spoil)
    with caplog.at_level(logging.WARNING, logger="tfbert"):
        TFBertModel.from_pretrained(folder)
    assert "pooler.dense.bias" in caplog.text
    assert "holds NaN or infinite values" in caplog.text


def test_whole_numbers_are_no_weights(folder):
    rewrite(folder, lambda weights: {**weights, "pooler.dense.bias": np.arange(32)})
    with pytest.raises(ValueError, match=r"'pooler\.dense\.bias' in .* must hold floating-point .* Received: int64"):
        TFBertModel.from_pretrained(folder)


@pytest.mark.parametrize("keep", [0, 4, 100, 5000, -1])
def test_truncated_file_is_named(folder, keep):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="truncated or no safetensors file"):
        TFBertModel.from_pretrained(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"not a safetensors file at all",
        (10**12).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (60).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,4]}}      ' + b"\0" * 4,
        (60).to_bytes(8, "little") + b'{"a":{"dtype":"X99","shape":[1],"data_offsets":[0,4]}}      ' + b"\0" * 4,
    ],
    ids=["text", "huge header", "no object", "wrong size", "unknown dtype"],
)
def test_corrupt_file_is_named(folder, content):
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="truncated or no safetensors file"):
        TFBertModel.from_pretrained(folder)


def test_config_whose_hidden_size_is_no_multiple_of_the_heads(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_attention_heads": 5}))
    with pytest.raises(ValueError, match="multiple of `num_attention_heads`"):
        TFBertModel.from_pretrained(folder)


def test_unknown_activation_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_act": "gelu_secret"}))
    with pytest.raises(ValueError, match="gelu_secret"):
        TFBertModel.from_pretrained(folder)


@pytest.mark.parametrize(
    ("model_class", "name"),
    [(TFBertModel, "model_gelu_l2"), (TFBertForSequenceClassification, "classifier_multi_label")],
)
def test_saved_folder_is_bit_equal_to_what_pytorch_wrote(model_class, name, tmp_path):
    source = FIXTURES / "tiny" / name
    model_class.from_pretrained(source).save_pretrained(tmp_path / "again")
    before, after = (
        safetensors.numpy.load_file(folder / "model.safetensors") for folder in (source, tmp_path / "again")
    )
    assert set(before) == set(after)
    for weight, array in before.items():
        np.testing.assert_array_equal(after[weight], array, err_msg=weight)
    theirs = json.loads((source / "config.json").read_text())
    ours = json.loads((tmp_path / "again" / "config.json").read_text())
    assert theirs.items() <= ours.items()
    with safetensors.safe_open(tmp_path / "again" / "model.safetensors", "numpy") as file:
        assert file.metadata() == {"format": "pt"}
