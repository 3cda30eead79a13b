"""Hugging Face's TensorFlow weights: `tf_model.h5`, its shards, and safetensors of format "tf"."""

import shutil

import h5py
import keras
import numpy as np
import pytest

from tests.checkpoints.stored import TF_CHECKPOINTS, assert_holds, expected
from tfbert.checkpoints.formats.h5_file import open_h5
from tfbert.checkpoints.formats.safetensors_file import open_safetensors
from tfbert.checkpoints.formats.sharded_index import open_shards
from tfbert.checkpoints.names.tf_names import from_tf_names, torch_name_of_tf
from tfbert.checkpoints.stored_tensor import StoredTensor

WHOLE = TF_CHECKPOINTS / "pretraining_h5" / "tf_model.h5"
SHARDED = "question_answering_h5_shards"
LAYER_NORM = "bert/tf_bert_for_pre_training/bert/embeddings/LayerNorm"


@pytest.fixture
def copy(tmp_path):
    """A copy of the committed file, to be damaged."""
    return shutil.copy(WHOLE, tmp_path / "tf_model.h5")


def with_layer(path, name, make):
    """Put another dataset in the place of a weight."""
    with h5py.File(path, "r+") as file:
        group = file[LAYER_NORM]
        del group[name]
        make(group)
    return path


class TestReading:
    def test_whole_file(self):
        assert_holds(open_h5(WHOLE), expected("pretraining_h5"))

    def test_shards(self):
        index = TF_CHECKPOINTS / SHARDED / "tf_model.h5.index.json"
        assert_holds(open_shards(index, open_h5, torch_name_of_tf), expected(SHARDED))

    @pytest.mark.parametrize("name", ["bare_safetensors", "language_model_safetensors", "classifier_safetensors"])
    def test_safetensors_of_format_tf(self, name):
        tensors = open_safetensors(TF_CHECKPOINTS / name / "model.safetensors")
        assert_holds(from_tf_names(tensors), expected(name))

    def test_values_are_read_when_they_are_asked_for(self, copy):
        tensors = open_h5(copy)
        with h5py.File(copy, "r+") as file:
            file[f"{LAYER_NORM}/beta:0"][:] = 7
        np.testing.assert_array_equal(tensors["bert.embeddings.LayerNorm.bias"].read(), np.full(8, 7, np.float32))

    def test_names_that_keras_split_over_several_attributes(self, copy):
        with h5py.File(copy, "r+") as file:
            names = list(file["bert"].attrs["weight_names"])
            del file["bert"].attrs["weight_names"]
            file["bert"].attrs["weight_names0"], file["bert"].attrs["weight_names1"] = names[:3], names[3:]
        assert_holds(open_h5(copy), expected("pretraining_h5"))


class TestNames:
    @pytest.mark.parametrize(
        "name", ["bert/pooler/dense/bias:0", "tf_bert_model_7/bert/pooler/dense/bias", "bert/bert/pooler/dense/bias:0"]
    )
    def test_model_may_have_any_name_or_none(self, name):
        assert torch_name_of_tf(name) == "bert.pooler.dense.bias"

    def test_unknown_weights_keep_name_and_layout(self):
        known, unknown = (StoredTensor(name, (2, 3), "float32", "file", lambda: np.ones([2, 3])) for name in "ab")
        named = from_tf_names({"m/bert/pooler/dense/kernel:0": known, "m/crf/kernel:0": unknown})
        assert {name: tensor.shape for name, tensor in named.items()} == {
            "bert.pooler.dense.weight": (3, 2),
            "m/crf/kernel": (2, 3),
        }

    def test_one_weight_twice_is_refused(self):
        tensor = StoredTensor("one", (2,), "float32", "file.h5", lambda: np.ones(2))
        with pytest.raises(ValueError, match=r"'file\.h5' holds one weight under two names: 'one' and 'bert/pooler"):
            from_tf_names({"m/bert/pooler/dense/bias:0": tensor, "bert/pooler/dense/bias:0": tensor})

    def test_another_model_is_refused(self):
        tensor = StoredTensor("gpt/wte:0", (2,), "float32", "file.h5", lambda: np.ones(2))
        with pytest.raises(ValueError, match=r"'file\.h5' holds no weight of BERT; .* 'gpt/wte:0'"):
            from_tf_names({"gpt/wte:0": tensor})


class TestBrokenFiles:
    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"tf_model\.h5"):
            open_h5(tmp_path / "tf_model.h5")

    def test_truncated(self, copy):
        with open(copy, "r+b") as file:
            file.truncate(40_000)
        with pytest.raises(ValueError, match=r"tf_model\.h5' \(40000 bytes\) is truncated"):
            open_h5(copy)

    def test_no_h5(self, tmp_path):
        (tmp_path / "tf_model.h5").write_bytes(b"PK\3\4 no h5 at all")
        with pytest.raises(ValueError, match="truncated or no h5 file"):
            open_h5(tmp_path / "tf_model.h5")

    def test_weights_of_a_keras_3_model(self, tmp_path):
        keras.Sequential([keras.Input([2]), keras.layers.Dense(2)]).save_weights(tmp_path / "model.weights.h5")
        with pytest.raises(ValueError, match=r"model\.load_weights\(path\)"):
            open_h5(tmp_path / "model.weights.h5")

    def test_half_a_file(self, copy):
        with_layer(copy, "beta:0", lambda group: None)
        with pytest.raises(ValueError, match=r"tf_model\.h5' lacks the tensor .*LayerNorm/beta:0"):
            open_h5(copy)

    def test_layer_that_is_not_there(self, copy):
        with h5py.File(copy, "r+") as file:
            del file["nsp___cls"]
        with pytest.raises(ValueError, match="lacks 'nsp___cls', which it names"):
            open_h5(copy)

    def test_group_in_place_of_a_tensor(self, copy):
        with_layer(copy, "beta:0", lambda group: group.create_group("beta:0"))
        with pytest.raises(ValueError, match="lacks the tensor"):
            open_h5(copy)


class TestHostileFiles:
    def test_link_into_another_file(self, copy, tmp_path):
        with h5py.File(tmp_path / "secret.h5", "w") as file:
            file["beta"] = np.ones(8, np.float32)
        link = h5py.ExternalLink(str(tmp_path / "secret.h5"), "beta")
        with_layer(copy, "beta:0", lambda group: group.__setitem__("beta:0", link))
        with pytest.raises(ValueError, match=r"LayerNorm/beta:0' of .* lies in another file"):
            open_h5(copy)

    def test_data_in_another_file(self, copy, tmp_path):
        (tmp_path / "secret").write_bytes(bytes(32))
        external = [(str(tmp_path / "secret"), 0, 32)]
        with_layer(copy, "beta:0", lambda group: group.create_dataset("beta:0", shape=8, dtype="f4", external=external))
        with pytest.raises(ValueError, match="lies in another file"):
            open_h5(copy)

    def test_data_pieced_together_from_other_files(self, copy, tmp_path):
        layout = h5py.VirtualLayout(shape=(8,), dtype="f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "beta", shape=(8,))
        with_layer(copy, "beta:0", lambda group: group.create_virtual_dataset("beta:0", layout))
        with pytest.raises(ValueError, match="lies in another file"):
            open_h5(copy)

    @pytest.mark.parametrize("options", [{"chunks": (1024,)}, {"chunks": (1024,), "compression": "gzip"}])
    def test_shape_without_data(self, copy, options):
        with_layer(copy, "beta:0", lambda group: group.create_dataset("beta:0", shape=2**40, dtype="f4", **options))
        with pytest.raises(ValueError, match=r"must hold 4398046511104 bytes .* Received: 0 bytes"):
            open_h5(copy)

    def test_text_in_place_of_numbers(self, copy):
        with_layer(copy, "beta:0", lambda group: group.__setitem__("beta:0", ["a", "b"]))
        with pytest.raises(ValueError, match="must hold numbers"):
            open_h5(copy)
