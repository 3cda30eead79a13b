"""The front door: what is found where, in which order, and what is said when nothing is."""

import json
import shutil

import pytest

from tests.checkpoints.stored import TF_CHECKPOINTS, assert_holds, expected
from tests.conftest import FIXTURES
from tfbert import BertConfig, TFBertForSequenceClassification, TFBertModel
from tfbert.checkpoints.formats.safetensors_file import open_safetensors
from tfbert.checkpoints.formats.safetensors_writer import write_safetensors
from tfbert.checkpoints.open_checkpoint import WEIGHT_FILES, open_checkpoint

TINY = FIXTURES / "tiny" / "model_gelu_l2"
TORCH = FIXTURES / "torch_files"
CONFIG = BertConfig(
    vocab_size=20,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    max_position_embeddings=10,
)


def copy_tf_models(folder, name, *targets):
    """Copy one of tf-models' checkpoints under other names."""
    for target in targets:
        for ending in ("index", "data-00000-of-00001"):
            shutil.copyfile(TF_CHECKPOINTS / "tf_models" / f"{name}.ckpt.{ending}", folder / f"{target}.{ending}")


class TestFolders:
    @pytest.mark.parametrize(
        ("folder", "name"),
        [
            (TINY, "model.safetensors"),
            (TORCH / "sharded_safetensors", "model.safetensors.index.json"),
            (TORCH / "sharded_bin", "pytorch_model.bin.index.json"),
            (TF_CHECKPOINTS / "pretraining_h5", "tf_model.h5"),
            (TF_CHECKPOINTS / "question_answering_h5_shards", "tf_model.h5.index.json"),
            (TF_CHECKPOINTS / "bare_safetensors", "model.safetensors"),
        ],
        ids=lambda value: getattr(value, "name", None),
    )
    def test_folder_and_its_file_are_the_same(self, folder, name):
        tensors, source = open_checkpoint(folder)
        assert source == str(folder / name)
        assert_holds(open_checkpoint(folder / name)[0], {name: tensor.load() for name, tensor in tensors.items()})

    @pytest.mark.parametrize(
        "name", ["bare_safetensors", "classifier_safetensors", "pretraining_h5", "question_answering_h5_shards"]
    )
    def test_tensorflows_names_become_pytorchs(self, name):
        assert_holds(open_checkpoint(TF_CHECKPOINTS / name)[0], expected(name))

    def test_shards_with_tensorflows_names(self, tmp_path):
        stored = open_safetensors(TF_CHECKPOINTS / "bare_safetensors" / "model.safetensors")
        for path in write_safetensors(stored, tmp_path, max_shard_size="2KB"):
            path.write_bytes(path.read_bytes().replace(b'"format":"pt"', b'"format":"tf"'))
        assert (tmp_path / "model-00002-of-00004.safetensors").is_file()
        assert_holds(open_checkpoint(tmp_path)[0], expected("bare_safetensors"))

    def test_order_is_hugging_faces(self, tmp_path):
        names = [pattern.replace("*", "x") for pattern, *_ in WEIGHT_FILES]
        shutil.copyfile(TINY / "model.safetensors", tmp_path / "model.safetensors")
        for name in names[1:]:
            (tmp_path / name).write_bytes(b"not opened")
        assert open_checkpoint(tmp_path)[1] == str(tmp_path / "model.safetensors")
        (tmp_path / "model.safetensors").unlink()
        with pytest.raises(ValueError, match=r"model\.safetensors\.index\.json"):
            open_checkpoint(tmp_path)
        (tmp_path / "model.safetensors.index.json").unlink()
        with pytest.raises(ValueError, match=r"pytorch_model\.bin'"):
            open_checkpoint(tmp_path)

    @pytest.mark.parametrize("kind", ["named", "numbered"])
    def test_tf_models(self, kind, tmp_path):
        copy_tf_models(tmp_path, kind, "bert_model.ckpt")
        tensors, source = open_checkpoint(tmp_path)
        assert source == str(tmp_path / "bert_model.ckpt.index")
        assert "bert.encoder.layer.1.attention.self.query.weight" in tensors
        assert set(open_checkpoint(tmp_path / "bert_model.ckpt")[0]) == set(tensors)

    def test_last_step_is_taken(self, tmp_path):
        copy_tf_models(tmp_path, "named", "model.ckpt-9", "model.ckpt-100", "model.ckpt-20")
        assert open_checkpoint(tmp_path)[1] == str(tmp_path / "model.ckpt-100.index")

    def test_googles_own_is_taken_before_others(self, tmp_path):
        copy_tf_models(tmp_path, "named", "model.ckpt-9", "bert_model.ckpt")
        assert open_checkpoint(tmp_path)[1] == str(tmp_path / "bert_model.ckpt.index")

    @pytest.mark.parametrize("names", [("a.ckpt-1", "b.ckpt-2"), ("model.ckpt-2", "model.ckpt")])
    def test_several_checkpoints_are_not_guessed_between(self, names, tmp_path):
        copy_tf_models(tmp_path, "named", *names)
        with pytest.raises(ValueError, match=rf"several checkpoints: {names[0]}\.index, {names[1]}\.index"):
            open_checkpoint(tmp_path)


class TestNothing:
    def test_says_what_is_there_and_what_may_be(self, tmp_path):
        (tmp_path / "flax_model.msgpack").touch()
        (tmp_path / "onnx").mkdir()
        with pytest.raises(FileNotFoundError, match=r"It holds flax_model\.msgpack, onnx/; .* one of model\.safetens"):
            open_checkpoint(tmp_path)

    def test_empty_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="It holds nothing; it should"):
            open_checkpoint(tmp_path)

    def test_no_such_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="no such folder or file"):
            open_checkpoint(tmp_path / "model.safetensors")

    def test_file_of_another_kind(self, tmp_path):
        (tmp_path / "model.onnx").touch()
        with pytest.raises(ValueError, match=r"model\.onnx' is no weight file that is read.*\.h5"):
            open_checkpoint(tmp_path / "model.onnx")

    @pytest.mark.parametrize("kind", ["flax", "mlx"])
    def test_layouts_of_other_libraries_are_refused_by_name(self, kind, tmp_path):
        content = (TINY / "model.safetensors").read_bytes()
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        text = json.dumps({**header, "__metadata__": {"format": kind}}).encode()
        rest = content[8 + int.from_bytes(content[:8], "little") :]
        (tmp_path / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + rest)
        with pytest.raises(ValueError, match=f"layout of '{kind}'"):
            open_checkpoint(tmp_path)


class TestConfig:
    def test_googles_name(self, tmp_path):
        values = {"vocab_size": 20, "hidden_size": 8, "num_attention_heads": 2, "pooler_type": "first_token_transform"}
        (tmp_path / "bert_config.json").write_text(json.dumps(values))
        (tmp_path / "bert_model.ckpt.index").touch()
        assert BertConfig.from_pretrained(tmp_path).hidden_size == 8
        assert BertConfig.from_pretrained(tmp_path / "bert_config.json").hidden_size == 8
        assert BertConfig.from_pretrained(tmp_path / "bert_model.ckpt").pooler_type == "first_token_transform"

    def test_folder_of_this_process(self, monkeypatch):
        monkeypatch.chdir(TINY)
        assert BertConfig.from_pretrained(".").hidden_size == 32
        assert open_checkpoint(".")[1] == "model.safetensors"

    def test_beside_a_weight_file(self):
        model = TFBertModel.from_pretrained(TINY / "model.safetensors")
        assert model.config == BertConfig.from_pretrained(TINY)

    def test_a_wrong_path_finds_no_config_in_the_folder_above(self):
        with pytest.raises(FileNotFoundError, match=r"model_typo' is no folder or file"):
            BertConfig.from_pretrained(TINY / "model_typo")

    def test_of_an_archive(self, tmp_path):
        config = CONFIG.replace(id2label={0: "a", 1: "b", 2: "c"}, note="kept")
        TFBertForSequenceClassification(config).save(tmp_path / "model.keras")
        for location in (tmp_path, tmp_path / "model.keras"):
            assert BertConfig.from_pretrained(location) == config

    @pytest.mark.parametrize("content", [b"PK\3\4 half", b""])
    def test_of_a_broken_archive(self, content, tmp_path):
        (tmp_path / "model.keras").write_bytes(content)
        with pytest.raises(ValueError, match=r"truncated or no \.keras archive"):
            BertConfig.from_pretrained(tmp_path / "model.keras")

    def test_given_where_none_lies_there(self, tmp_path):
        copy_tf_models(tmp_path, "named", "bert_model.ckpt")
        with pytest.raises(FileNotFoundError, match=r"config=BertConfig\(\.\.\.\)"):
            TFBertModel.from_pretrained(tmp_path)
        model, info = TFBertModel.from_pretrained(
            tmp_path, config=CONFIG, hidden_dropout_prob=0.25, output_loading_info=True
        )
        assert info == {"missing_keys": [], "unexpected_keys": [], "mismatched_keys": []}
        assert model.config == CONFIG.replace(hidden_dropout_prob=0.25)

    def test_that_is_none(self):
        with pytest.raises(TypeError, match=r"`config` must be a BertConfig\. Received: dict"):
            TFBertModel.from_pretrained(TINY, config={})
