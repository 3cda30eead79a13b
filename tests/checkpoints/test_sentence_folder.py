import dataclasses
import json

import numpy as np
import pytest

from tests.checkpoints.torch_bytes import state_dict, tensor, zip_file
from tfbert.checkpoints.sentence_dense import SentenceDense
from tfbert.checkpoints.sentence_folder import SentenceSettings, read_sentence_settings, write_sentence_settings

WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)  # [out, in]
BIAS = np.array([8, 9], np.float32)


@pytest.fixture
def folder(tmp_path):
    write_sentence_settings(tmp_path, SentenceSettings(max_length=9), hidden_size=8)
    return tmp_path


@pytest.fixture
def dense_folder(tmp_path):
    write_sentence_settings(tmp_path, SentenceSettings(dense=(SentenceDense(WEIGHT, BIAS, "tanh"),)), hidden_size=3)
    return tmp_path


def change(path, **fields):
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def add_module(folder, kind, index):
    modules = json.loads((folder / "modules.json").read_text())
    modules.insert(
        index, {"idx": index, "name": "x", "path": f"{index}_{kind}", "type": f"sentence_transformers.{kind}"}
    )
    (folder / "modules.json").write_text(json.dumps(modules))


@pytest.mark.parametrize(
    "settings",
    [
        SentenceSettings("mean", True, 99),
        SentenceSettings("cls", False, 9, include_prompt=False, lower_case=True),
        SentenceSettings("max+mean+lasttoken", prompts={"query": "q: "}, prompt_name="query"),
        SentenceSettings("lasttoken+mean"),  # not the order of the switches
        SentenceSettings("cls+mean_sqrt_len_tokens+weightedmean", similarity_fn_name="manhattan"),
    ],
)
def test_what_is_written_is_read(tmp_path, settings):
    write_sentence_settings(tmp_path, settings, hidden_size=8)
    assert read_sentence_settings(tmp_path) == settings


def test_plain_folder_means_normalised_mean(tmp_path):
    assert read_sentence_settings(tmp_path) == SentenceSettings("mean", True, None)


@pytest.mark.parametrize(("mode", "expected"), [("lasttoken", "lasttoken"), (["cls", "mean"], "cls+mean")])
def test_pooling_may_be_named(folder, mode, expected):
    change(folder / "1_Pooling" / "config.json", pooling_mode=mode)
    assert read_sentence_settings(folder).pooling == expected


def test_pooling_that_is_not_supported_is_refused_unless_another_is_asked_for(folder):
    change(folder / "1_Pooling" / "config.json", pooling_mode_median_tokens=True)
    with pytest.raises(ValueError, match="pooling_mode_median_tokens"):
        read_sentence_settings(folder)
    assert read_sentence_settings(folder, pooling="cls").pooling == "cls"


def test_no_pooling_is_the_mean(folder):
    (folder / "1_Pooling" / "config.json").write_text('{"word_embedding_dimension": 8}')
    assert read_sentence_settings(folder).pooling == "mean"


@pytest.mark.parametrize("bias", [BIAS, None])
def test_dense_modules_are_written_and_read(tmp_path, bias):
    layers = SentenceDense(WEIGHT, bias, "tanh"), SentenceDense(WEIGHT.T.copy(), None, "linear")
    write_sentence_settings(tmp_path, SentenceSettings(dense=layers), hidden_size=3)
    for layer, again in zip(layers, read_sentence_settings(tmp_path).dense, strict=True):
        assert again.activation == layer.activation
        np.testing.assert_array_equal(again.weight, layer.weight)
        np.testing.assert_array_equal(again.bias, layer.bias)


def test_dense_modules_of_pytorch_are_read(dense_folder):
    (dense_folder / "2_Dense" / "model.safetensors").unlink()
    pickled = state_dict(
        **{"linear.weight": tensor([2, 3], strides=[3, 1], count=6), "linear.bias": tensor([2], key="1", count=2)}
    )
    entries = {"data/0": WEIGHT.tobytes(), "data/1": BIAS.tobytes()}
    zip_file(dense_folder / "2_Dense" / "pytorch_model.bin", pickled, entries)
    (dense,) = read_sentence_settings(dense_folder).dense
    np.testing.assert_array_equal(dense.weight, WEIGHT)
    np.testing.assert_array_equal(dense.bias, BIAS)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"activation_function": "torch.nn.modules.activation.Swoosh"}, "Swoosh"),
        ({"activation_function": "evil.package.Tanh"}, r"evil\.package"),
        ({"in_features": 4}, "must hold"),
        ({"bias": False}, "must hold"),
        ({"module_input_name": "token_embeddings"}, "must be for 'sentence_embedding'"),
        ({"use_residual": True}, "adds its input"),
    ],
)
def test_dense_modules_that_cannot_be_followed_are_refused(dense_folder, fields, message):
    change(dense_folder / "2_Dense" / "config.json", **fields)
    with pytest.raises(ValueError, match=message):
        read_sentence_settings(dense_folder)


def test_activation_that_pytorch_lacks_is_not_written(tmp_path):
    settings = SentenceSettings(dense=(SentenceDense(WEIGHT, BIAS, "hard_silu"),))
    with pytest.raises(ValueError, match="hard_silu"):
        write_sentence_settings(tmp_path, settings, hidden_size=3)


@pytest.mark.parametrize(
    ("kind", "index", "message"),
    [
        ("Asym", 3, "'Asym'"),
        ("Dense", 3, "in this order"),
        ("Pooling", 1, "in this order"),
        ("Dense", 1, "in this order"),
    ],
)
def test_unknown_modules_and_orders_are_refused(folder, kind, index, message):
    add_module(folder, kind, index)
    with pytest.raises(ValueError, match=message):
        read_sentence_settings(folder)


def test_path_out_of_the_folder_is_refused(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    write_sentence_settings(folder, SentenceSettings(), hidden_size=8)
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["path"] = "../outside"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ValueError, match="outside its folder"):
        read_sentence_settings(folder)


def test_missing_pooling_file_is_named(folder):
    (folder / "1_Pooling" / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match="1_Pooling"):
        read_sentence_settings(folder)


def test_files_that_older_folders_lack_are_not_missed(folder):
    for name in ("config_sentence_transformers.json", "sentence_bert_config.json"):
        (folder / name).unlink()
    assert read_sentence_settings(folder) == dataclasses.replace(SentenceSettings(), max_length=None)
