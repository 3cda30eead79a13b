"""TensorFlow's checkpoints: Google's TF1 names and tf-models' TF2 names."""

import re
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tests.checkpoints.stored import TF_CHECKPOINTS, assert_holds, expected
from tfbert import BertConfig, TFBertModel
from tfbert.checkpoints.formats.tf1_checkpoint import open_tf1_checkpoint
from tfbert.checkpoints.formats.tf2_checkpoint import open_tf2_checkpoint
from tfbert.checkpoints.names.weight_names import rows_of

TF_MODELS = TF_CHECKPOINTS / "tf_models"
END = "/.ATTRIBUTES/VARIABLE_VALUE"


def write_bundle(prefix, arrays):
    """A TensorFlow checkpoint whose entries bear any names."""
    names, values = zip(*arrays.items())
    tf.raw_ops.SaveV2(prefix=str(prefix), tensor_names=names, shape_and_slices=[""] * len(names), tensors=values)
    return prefix


def read_bundle(prefix):
    reader = tf.train.load_checkpoint(str(prefix))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def google_name(name):
    """Google's name, by the rules with which transformers once wrote such checkpoints."""
    for torch_part, part in (
        ("layer.", "layer_"),
        ("_embeddings.weight", "_embeddings"),
        ("LayerNorm.weight", "LayerNorm/gamma"),
        ("LayerNorm.bias", "LayerNorm/beta"),
        ("cls.predictions.bias", "cls/predictions/output_bias"),
        ("seq_relationship.", "seq_relationship/output_"),
        ("classifier.", "output_"),
        ("qa_outputs.", "cls/squad/output_"),
        (".", "/"),
    ):
        name = name.replace(torch_part, part)
    return name if "output_weight" in name else re.sub("/weight$", "/kernel", name)


def as_google_wrote(arrays):
    """The same weights under Google's names: kernels lie [in, out], and the heads' `output_weights` as PyTorch's."""
    named = {google_name(name): array for name, array in arrays.items()}
    return {
        name.replace("output_weight", "output_weights"): array.T if name.endswith("/kernel") else array
        for name, array in named.items()
    }


class TestTF1:
    @pytest.mark.parametrize(
        ("model", "head"),
        [
            ("pretraining_h5", "cls/seq_relationship/output_weights"),
            ("classifier_safetensors", "output_weights"),
            ("question_answering_h5_shards", "cls/squad/output_weights"),
        ],
    )
    def test_every_weight(self, model, head, tmp_path):
        arrays = as_google_wrote(expected(model))
        assert head in arrays
        assert "bert/encoder/layer_0/attention/output/dense/kernel" in arrays
        assert_holds(open_tf1_checkpoint(write_bundle(tmp_path / "bert_model.ckpt", arrays)), expected(model))

    def test_state_of_the_optimizer_is_passed_over(self, tmp_path):
        arrays = as_google_wrote(expected("pretraining_h5"))
        slots = {
            f"{name}/{slot}": array
            for name, array in arrays.items()
            for slot in ("adam_m", "adam_v", "AdamWeightDecayOptimizer", "AdamWeightDecayOptimizer_1", "LAMBOptimizer")
        }
        counts = {"global_step": np.int64(7), "beta1_power": np.float32(0.9)}
        prefix = write_bundle(tmp_path / "model.ckpt-7", {**arrays, **slots, **counts})
        assert_holds(open_tf1_checkpoint(prefix), expected("pretraining_h5"))

    @pytest.mark.parametrize("damage", ["truncated", "altered", "gone"])
    def test_values_are_read_when_they_are_asked_for_and_checked(self, tmp_path, damage):
        arrays = {"bert/pooler/dense/bias": np.zeros(8, np.float32), "bert/pooler/dense/kernel": np.ones([8, 8])}
        tensors = open_tf1_checkpoint(write_bundle(tmp_path / "bert_model.ckpt", arrays))
        data = tmp_path / "bert_model.ckpt.data-00000-of-00001"
        content = data.read_bytes()
        if damage == "gone":
            data.unlink()
        else:
            data.write_bytes(content[:40] if damage == "truncated" else content[:-1] + b"!")
        with pytest.raises(ValueError, match=r"'bert/pooler/dense/kernel' of .*bert_model\.ckpt' is broken"):
            tensors["bert.pooler.dense.weight"].load()

    def test_half_precision_and_text(self, tmp_path):
        bias = tf.constant([1.5, -2.0], tf.bfloat16)
        arrays = {"bert/pooler/dense/bias": bias, "note": tf.constant("text"), "classifier/scale": tf.ones([2])}
        tensors = open_tf1_checkpoint(write_bundle(tmp_path / "bert_model.ckpt", arrays))
        assert sorted(tensors) == ["bert.pooler.dense.bias", "classifier/scale"]
        assert tensors["bert.pooler.dense.bias"].dtype == "bfloat16"
        np.testing.assert_array_equal(tensors["bert.pooler.dense.bias"].read(), np.float32([1.5, -2.0]))

    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"there is no bert_model\.ckpt\.index"):
            open_tf1_checkpoint(tmp_path / "bert_model.ckpt")

    def test_data_missing(self, tmp_path):
        prefix = write_bundle(tmp_path / "bert_model.ckpt", {"bert/pooler/dense/bias": np.zeros(8)})
        (tmp_path / "bert_model.ckpt.data-00000-of-00001").unlink()
        with pytest.raises(FileNotFoundError, match=r"has an index but no bert_model\.ckpt\.data"):
            open_tf1_checkpoint(prefix)

    @pytest.mark.parametrize("content", [b"", b"no table at all" * 9])
    def test_broken_index(self, tmp_path, content):
        prefix = write_bundle(tmp_path / "bert_model.ckpt", {"bert/pooler/dense/bias": np.zeros(8)})
        (tmp_path / "bert_model.ckpt.index").write_bytes(content)
        with pytest.raises(ValueError, match=r"index of .*bert_model\.ckpt' is broken"):
            open_tf1_checkpoint(prefix)

    def test_another_model(self, tmp_path):
        with pytest.raises(ValueError, match="no weight of BERT; its first of 1 tensors is 'model/wte'"):
            open_tf1_checkpoint(write_bundle(tmp_path / "gpt.ckpt", {"model/wte": np.zeros(8)}))


@pytest.mark.parametrize("kind", ["numbered", "named"])
class TestTF2:
    def test_hidden_states_are_those_of_tf_models(self, kind):
        tensors = open_tf2_checkpoint(TF_MODELS / f"{kind}.ckpt")
        model = TFBertModel(
            BertConfig(
                vocab_size=20,
                hidden_size=8,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=12,
                max_position_embeddings=10,
            ),
            execution="padded",
        )
        rows = list(rows_of(model, 2))
        assert sorted(name for row, _ in rows for name in row.names()) == sorted(tensors)
        for row, variable in rows:
            variable.assign(row.turn.to_variable([tensors[name].read() for name in row.names()]))
        with np.load(TF_MODELS / f"{kind}.npz") as reference:
            output = model(reference["input_word_ids"], reference["input_mask"], reference["input_type_ids"])
            np.testing.assert_allclose(output.last_hidden_state, reference["sequence_output"], atol=1e-5)
            np.testing.assert_allclose(output.pooler_output, reference["pooled_output"], atol=1e-5)

    def test_within_other_models_and_with_an_optimizer(self, kind, tmp_path):
        arrays = {
            name.partition("/")[2]: array
            for name, array in read_bundle(TF_MODELS / f"{kind}.ckpt").items()
            if "/" in name
        }
        nested = {f"model/layer_with_weights-0/{name}": array for name, array in arrays.items()}
        slots = {name.replace(END, f"/.OPTIMIZER_SLOT/optimizer/m{END}"): array for name, array in nested.items()}
        other = {f"save_counter{END}": np.int64(1), f"optimizer/iter{END}": np.int64(7)}
        prefix = write_bundle(tmp_path / "bert_model.ckpt", {**nested, **slots, **other})
        whole = open_tf2_checkpoint(TF_MODELS / f"{kind}.ckpt")
        assert_holds(open_tf2_checkpoint(prefix), {name: tensor.load() for name, tensor in whole.items()})

    def test_older_spelling_of_the_attention_output(self, kind, tmp_path):
        arrays = read_bundle(TF_MODELS / f"{kind}.ckpt")
        older = {
            name.replace("/_attention_layer/_output_dense/", "/_attention_output_dense/"): array
            for name, array in arrays.items()
            if name != "_CHECKPOINTABLE_OBJECT_GRAPH"
        }
        assert len(set(older) - set(arrays)) == 4
        whole = open_tf2_checkpoint(TF_MODELS / f"{kind}.ckpt")
        tensors = open_tf2_checkpoint(write_bundle(tmp_path / "bert_model.ckpt", older))
        assert_holds(tensors, {name: tensor.load() for name, tensor in whole.items()})

    def test_missing_data(self, kind, tmp_path):
        shutil.copy(TF_MODELS / f"{kind}.ckpt.index", tmp_path)
        with pytest.raises(FileNotFoundError, match="has an index but no"):
            open_tf2_checkpoint(tmp_path / f"{kind}.ckpt")


def test_one_weight_twice_is_refused(tmp_path):
    arrays = {f"{at}/layer_with_weights-3/beta{END}": np.zeros(8) for at in ("encoder", "model")}
    with pytest.raises(ValueError, match=r"one weight under two names: 'encoder/.*' and 'model/.*'"):
        open_tf2_checkpoint(write_bundle(tmp_path / "bert_model.ckpt", arrays))


def test_weight_of_a_shape_that_cannot_be_turned_is_refused(tmp_path):
    arrays = {f"model/layer_with_weights-4/_attention_layer/_key_dense/kernel{END}": np.zeros([0, 3, 2])}
    with pytest.raises(ValueError, match=r"_key_dense/kernel.* has the shape \[0, 3, 2\]"):
        open_tf2_checkpoint(write_bundle(tmp_path / "bert_model.ckpt", arrays))
