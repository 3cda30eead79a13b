"""Every form in, out and in again, bit for bit; bodies into every head and back."""

import json
import shutil

import numpy as np
import pytest
import safetensors.numpy
import tensorflow as tf

import tfbert
from tests.checkpoints.random_models import CONFIG, MODELS, assert_equal, random_model
from tests.checkpoints.stored import TF_CHECKPOINTS
from tests.checkpoints.torch_bytes import legacy_file, state_dict, tensor, zip_file
from tests.conftest import FIXTURES
from tfbert import BertConfig, TFBertForPreTraining, TFBertForSequenceClassification, TFBertModel
from tfbert.checkpoints.names.weight_dialects import torch_name
from tfbert.checkpoints.names.weight_names import rows_of
from tfbert.checkpoints.names.weight_table import TABLE
from tfbert.checkpoints.open_checkpoint import open_checkpoint
from tfbert.layers import FastBertTokenizer
from tfbert.tasks import TextClassifier

TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"]
NOTHING = {"missing_keys": [], "unexpected_keys": [], "mismatched_keys": []}


def arrays_of(model):
    """The weights in PyTorch's names and layout."""
    arrays = {}
    for row, variable in rows_of(model, CONFIG.num_hidden_layers):
        arrays.update(zip(row.names(), row.turn.to_checkpoint(variable.numpy())))
    return arrays


def write_safetensors(model, folder):
    model.save_pretrained(folder)


def write_sharded_safetensors(model, folder):
    model.save_pretrained(folder, max_shard_size="3KB")
    assert len(list(folder.glob("*.safetensors"))) > 2


def write_torch(writer):
    """A `pytorch_model.bin`, with the tied table a second time as PyTorch writes it: the same storage."""

    def write(model, folder):
        arrays = arrays_of(model)
        keys = {name: str(index) for index, name in enumerate(arrays)}
        keys["cls.predictions.decoder.weight"] = keys["bert.embeddings.word_embeddings.weight"]
        arrays["cls.predictions.decoder.weight"] = arrays["bert.embeddings.word_embeddings.weight"]
        operations = {}
        for name, array in arrays.items():
            strides = [int(np.prod(array.shape[axis + 1 :])) for axis in range(array.ndim)]
            operations[name] = tensor(array.shape, strides=strides, key=keys[name], count=array.size)
        contents = {keys[name]: np.ascontiguousarray(array) for name, array in arrays.items()}
        writer(folder / "pytorch_model.bin", state_dict(**operations), contents)

    return write


def as_zip(path, pickled, contents):
    zip_file(path, pickled, {f"data/{key}": array.tobytes() for key, array in contents.items()})


def as_legacy(path, pickled, contents):
    legacy_file(path, pickled, [(key, array.size, array.tobytes()) for key, array in contents.items()])


def tensorflows_arrays(model, dialect):
    """The weights by a dialect's names, kernels as TensorFlow has them."""
    of_torch = arrays_of(model)
    names = {
        name.replace("{i}", str(layer)): torch.replace("{i}", str(layer))
        for row in TABLE
        for name, torch in zip(row.names(dialect), row.names())
        for layer in range(CONFIG.num_hidden_layers)
    }
    assert all(torch_name(name, dialect) == torch for name, torch in names.items())
    present = {name: of_torch[torch] for name, torch in names.items() if torch in of_torch}
    return {name: array.T if name.endswith("/kernel") else array for name, array in present.items()}


def write_tensorflows_safetensors(model, folder):
    arrays = {f"{name}:0": np.ascontiguousarray(array) for name, array in tensorflows_arrays(model, "tf").items()}
    safetensors.numpy.save_file(arrays, folder / "model.safetensors", metadata={"format": "tf"})


def write_tf1(model, folder):
    arrays = {**tensorflows_arrays(model, "tf1"), "global_step": np.int64(7)}
    names = list(arrays)
    tf.raw_ops.SaveV2(
        prefix=str(folder / "bert_model.ckpt"),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[arrays[name] for name in names],
    )


def write_keras(model, folder):
    model.save(folder / "model.keras")


FORMS = {
    "safetensors": write_safetensors,
    "safetensors in shards": write_sharded_safetensors,
    "safetensors of TensorFlow": write_tensorflows_safetensors,
    "bin": write_torch(as_zip),
    "old bin": write_torch(as_legacy),
    "TF1": write_tf1,
    "keras": write_keras,
}


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
def test_every_form_goes_in_out_and_in_again(write, tmp_path):
    model = random_model()
    folder = tmp_path / "first"
    folder.mkdir()
    write(model, folder)
    if not (folder / "config.json").exists() and write is not write_keras:
        CONFIG.save_pretrained(folder)
    loaded, info = TFBertForPreTraining.from_pretrained(folder, output_loading_info=True)
    assert info == NOTHING
    assert_equal(loaded, model)
    loaded.save_pretrained(tmp_path / "second")
    assert_equal(TFBertForPreTraining.from_pretrained(tmp_path / "second"), model)


def test_exported_variables_go_in_out_and_in_again(tmp_path):
    model = random_model(TFBertForSequenceClassification)
    TextClassifier(model, FastBertTokenizer(TOKENS, max_length=12)).export(tmp_path / "1")
    loaded = TFBertForSequenceClassification.from_pretrained(tmp_path / "1")
    assert_equal(loaded, model)
    (tmp_path / "1" / "assets.extra" / "tfbert.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"No `config\.json`"):
        TFBertForSequenceClassification.from_pretrained(tmp_path / "1")
    assert_equal(TFBertForSequenceClassification.from_pretrained(tmp_path / "1", config=CONFIG), model)
    loaded.save_pretrained(tmp_path / "second")
    assert_equal(TFBertForSequenceClassification.from_pretrained(tmp_path / "second"), model)


@pytest.mark.parametrize(
    ("folder", "model_class"),
    [
        (TF_CHECKPOINTS / "pretraining_h5", TFBertForPreTraining),
        (TF_CHECKPOINTS / "question_answering_h5_shards", tfbert.TFBertForQuestionAnswering),
        (TF_CHECKPOINTS / "bare_safetensors", TFBertModel),
        (TF_CHECKPOINTS / "classifier_safetensors", TFBertForSequenceClassification),
        (TF_CHECKPOINTS / "language_model_safetensors", tfbert.TFBertLMHeadModel),
        (FIXTURES / "torch_files" / "sharded_bin", TFBertModel),
        (FIXTURES / "torch_files" / "sharded_safetensors", TFBertModel),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_files_of_transformers_go_in_out_and_in_again(folder, model_class, tmp_path):
    model, info = model_class.from_pretrained(folder, output_loading_info=True)
    assert info == NOTHING
    model.save_pretrained(tmp_path)
    assert_equal(model_class.from_pretrained(tmp_path), model)
    before, after = open_checkpoint(folder)[0], open_checkpoint(tmp_path)[0]
    assert len(after) == len(before)


@pytest.mark.parametrize("name", ["named", "numbered"])
def test_tf_models_go_in_and_answer_as_they_did(name, tmp_path):
    config = BertConfig(
        vocab_size=20,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=12,
        max_position_embeddings=10,
    )
    prefix = TF_CHECKPOINTS / "tf_models" / f"{name}.ckpt"
    model = TFBertModel.from_pretrained(prefix, config=config, execution="padded")
    model.save_pretrained(tmp_path)
    assert_equal(TFBertModel.from_pretrained(tmp_path), model)
    with np.load(TF_CHECKPOINTS / "tf_models" / f"{name}.npz") as stored:
        output = model(stored["input_word_ids"], stored["input_mask"], stored["input_type_ids"])
        real = stored["input_mask"] > 0
        np.testing.assert_allclose(output.last_hidden_state[real], stored["sequence_output"][real], atol=1e-5)
        np.testing.assert_allclose(output.pooler_output, stored["pooled_output"], atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_body_into_any_head_and_back(name, tmp_path):
    body = random_model(TFBertModel)
    body.save_pretrained(tmp_path / "body")
    model_class = getattr(tfbert, name)
    fields = {"is_decoder": True} if name == "TFBertLMHeadModel" else {}
    model, info = model_class.from_pretrained(tmp_path / "body", output_loading_info=True, **fields)
    assert not any(key.startswith("bert.") for key in info["missing_keys"])
    has_pooler = model.bert.pooler is not None
    assert info["unexpected_keys"] == ([] if has_pooler else ["bert.pooler.dense.bias", "bert.pooler.dense.weight"])
    model.save_pretrained(tmp_path / "head")
    saved = json.loads((tmp_path / "head" / "config.json").read_text())
    assert saved["architectures"] == [name.removeprefix("TF")]
    back = TFBertModel.from_pretrained(tmp_path / "head", add_pooling_layer=has_pooler)
    expected = {weight.path: weight.numpy() for weight in body.weights}
    for weight in back.weights:
        np.testing.assert_array_equal(weight.numpy(), expected[weight.path], err_msg=weight.path)


def test_a_failed_save_leaves_the_weights(tmp_path):
    model = random_model(TFBertModel)
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="max_shard_size"):
        model.save_pretrained(tmp_path, max_shard_size="much")
    assert_equal(TFBertModel.from_pretrained(tmp_path), model)


def test_loading_from_a_copy_of_a_folder_keeps_no_file_open(tmp_path):
    folder = shutil.copytree(FIXTURES / "tiny" / "model_gelu_l2", tmp_path / "model")
    model = TFBertModel.from_pretrained(folder)
    shutil.rmtree(folder)
    model.save_pretrained(folder)
    assert_equal(TFBertModel.from_pretrained(folder), model)
