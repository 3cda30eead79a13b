"""`tfbert convert`: forms in, a Hugging Face folder out, classes found or asked for, exit codes."""

import json
import shutil

import numpy as np
import pytest

import tfbert
from tests.checkpoints.stored import TF_CHECKPOINTS
from tests.conftest import FIXTURES
from tfbert import BertConfig, TFBertForSequenceClassification, TFBertModel
from tfbert.cli.convert import MODELS, model_of
from tfbert.cli.main import main
from tfbert.tasks import TextClassifier, TextEmbedder

IDS = np.array([[2, 5, 6, 3]])
SIZES = {
    "vocab_size": 20,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 10,
}


@pytest.fixture
def convert(capsys):
    """Return a function that runs the command and returns (exit code, output, error text)."""

    def call(*arguments):
        try:
            code = main(["convert", *map(str, arguments)])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_a_folder_with_its_vocabulary(convert, tiny_folder, tmp_path):
    folder, output = tiny_folder("classifier_single_label"), tmp_path / "out"
    code, out, error = convert(folder, output)
    assert (code, error) == (0, "")
    assert out.splitlines() == [
        f"Read {folder / 'model.safetensors'} as TFBertForSequenceClassification",
        f"Wrote {output}: config.json, model.safetensors, tokenizer_config.json, vocab.txt",
    ]
    for name in ("vocab.txt", "tokenizer_config.json"):
        assert (output / name).read_bytes() == (folder / name).read_bytes()
    before, after = (TextClassifier.from_pretrained(path)("good cat") for path in (folder, output))
    np.testing.assert_array_equal(before["logits"], after["logits"])


def test_a_tf_models_checkpoint_in_shards(convert, tmp_path):
    for ending in ("index", "data-00000-of-00001"):
        shutil.copyfile(TF_CHECKPOINTS / "tf_models" / f"named.ckpt.{ending}", tmp_path / f"bert_model.ckpt.{ending}")
    (tmp_path / "bert_config.json").write_text(json.dumps(SIZES))
    (tmp_path / "vocab.txt").write_text("[PAD]\n")
    code, out, _ = convert(tmp_path / "bert_model.ckpt", tmp_path / "out", "--max-shard-size", "4KB", "--json")
    facts = json.loads(out)
    assert code == 0
    assert facts["model"] == "TFBertModel"
    assert facts["left_out"] == []
    assert {"config.json", "vocab.txt", "model.safetensors.index.json"} < set(facts["files"])
    expected = TFBertModel.from_pretrained(tmp_path / "bert_model.ckpt")
    converted, info = TFBertModel.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(info.values())
    np.testing.assert_array_equal(converted(IDS).pooler_output, expected(IDS).pooler_output)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("pretraining_h5", "TFBertForPreTraining"),
        ("question_answering_h5_shards", "TFBertForQuestionAnswering"),
        ("bare_safetensors", "TFBertModel"),
        ("language_model_safetensors", "TFBertLMHeadModel"),
        ("classifier_safetensors", "TFBertForSequenceClassification"),
    ],
)
def test_files_of_tensorflow(convert, name, model, tmp_path):
    code, out, error = convert(TF_CHECKPOINTS / name, tmp_path / "out")
    assert code == 0, error
    assert out.startswith(f"Read {TF_CHECKPOINTS / name}")
    assert f" as {model}\n" in out
    before, after = (getattr(tfbert, model).from_pretrained(path) for path in (TF_CHECKPOINTS / name, tmp_path / "out"))
    for weight, again in zip(before.weights, after.weights):
        np.testing.assert_array_equal(weight, again, err_msg=weight.path)


def test_a_keras_file_and_a_saved_model(convert, tiny_folder, tmp_path):
    task = TextClassifier.from_pretrained(tiny_folder("classifier_multi_label"))
    task.save(tmp_path / "task.keras")
    task.export(tmp_path / "1")
    task.config.save_pretrained(tmp_path)
    assert convert(tmp_path / "task.keras", tmp_path / "a", "--model", "TFBertForSequenceClassification")[0] == 0
    assert convert(tmp_path / "1", tmp_path / "b")[0] == 0
    (tmp_path / "1" / "assets.extra" / "tfbert.json").unlink()
    code, _, error = convert(tmp_path / "1", tmp_path / "c")
    assert code == 1
    assert "No `config.json`" in error
    options = ("--model", "TFBertForSequenceClassification", "--config", tmp_path / "config.json")
    assert convert(tmp_path / "1", tmp_path / "c", *options)[0] == 0
    for folder in ("a", "b", "c"):
        model = TFBertForSequenceClassification.from_pretrained(tmp_path / folder)
        np.testing.assert_array_equal(model(IDS).logits, task.model(IDS).logits)
        assert model.config.id2label == task.config.id2label


def test_the_files_of_an_embedder_come_along(convert, tiny_folder, tmp_path):
    TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"), pooling="max").save_pretrained(tmp_path / "in")
    assert convert(tmp_path / "in", tmp_path / "out")[0] == 0
    before, after = (TextEmbedder.from_pretrained(tmp_path / name)("good")["embedding"] for name in ("in", "out"))
    np.testing.assert_array_equal(before, after)


def test_classes_of_a_head_are_counted(convert, tmp_path):
    model = TFBertForSequenceClassification(BertConfig(**SIZES, num_labels=5))
    model.save_pretrained(tmp_path / "in")
    (tmp_path / "in" / "config.json").write_text(json.dumps(SIZES))  # as Google's, which names no classes
    code, _, error = convert(tmp_path / "in", tmp_path / "out")
    assert code == 1
    assert "Several models have weights of classifier" in error
    assert convert(tmp_path / "in", tmp_path / "out", "--model", "TFBertForSequenceClassification")[0] == 0
    assert TFBertForSequenceClassification.from_pretrained(tmp_path / "out").config.num_labels == 5


def test_what_is_left_out_is_said(convert, tmp_path):
    code, out, _ = convert(TF_CHECKPOINTS / "pretraining_h5", tmp_path / "out", "--model", "TFBertForMaskedLM")
    assert code == 0
    assert "Left out 4 weights that it has no place for: bert.pooler.dense.bias" in out


def test_a_model_without_pooler_stays_one(convert, tmp_path):
    TFBertModel(BertConfig(**SIZES), add_pooling_layer=False).save_pretrained(tmp_path / "in")
    assert convert(tmp_path / "in", tmp_path / "out")[0] == 0
    _, info = TFBertModel.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert info["missing_keys"] == ["bert.pooler.dense.bias", "bert.pooler.dense.weight"]


class TestRefused:
    FOLDER = FIXTURES / "tiny" / "model_gelu_l2"

    def test_random_weights(self, convert, tmp_path):
        code, _, error = convert(self.FOLDER, tmp_path / "out", "--model", "TFBertForQuestionAnswering")
        assert code == 1
        assert "lacks weights of TFBertForQuestionAnswering: qa_outputs.bias, qa_outputs.weight" in error
        assert not (tmp_path / "out").exists()

    def test_an_existing_folder(self, convert, tmp_path):
        assert convert(self.FOLDER, tmp_path / "out")[0] == 0
        code, _, error = convert(self.FOLDER, tmp_path / "out")
        assert code == 1
        assert "exists already" in error
        assert convert(self.FOLDER, tmp_path / "out", "--overwrite")[0] == 0

    def test_replacing_a_folder_that_is_no_checkpoint_or_the_input(self, convert, tmp_path):
        (tmp_path / "precious").mkdir()
        (tmp_path / "precious" / "file").touch()
        copy = shutil.copytree(self.FOLDER, tmp_path / "copy")
        for output in (tmp_path / "precious", copy):
            code, _, error = convert(copy, output, "--overwrite")
            assert code == 1
            assert "is not replaced" in error
        assert (tmp_path / "precious" / "file").exists()

    def test_a_size_that_is_none(self, convert, tmp_path):
        code, _, error = convert(self.FOLDER, tmp_path / "out", "--max-shard-size", "much")
        assert code == 1
        assert "'much'" in error
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("arguments", [["only-in"], ["in", "out", "--model", "TFBertForEverything"]])
    def test_usage(self, convert, arguments):
        assert convert(*arguments)[0] == 2

    def test_nothing_there(self, convert, tmp_path):
        code, _, error = convert(tmp_path / "nowhere", tmp_path / "out")
        assert code == 1
        assert "nowhere" in error


class TestModelOf:
    def test_every_model_can_be_named(self):
        assert sorted(MODELS) == sorted(n for n in tfbert.__all__ if n.startswith("TFBert") and n != "TFBertTokenizer")
        for name in MODELS:
            assert model_of(BertConfig(architectures=[name]), ()) == name
            assert model_of(BertConfig(architectures=[name.removeprefix("TF")]), ()) == name

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["embeddings.word_embeddings.weight"], "TFBertModel"),
            (["cls.predictions.bias"], "TFBertForMaskedLM"),
            (["cls.predictions.bias", "cls.seq_relationship.bias"], "TFBertForPreTraining"),
            (["module.cls.seq_relationship.bias"], "TFBertForNextSentencePrediction"),
            (["qa_outputs.bias"], "TFBertForQuestionAnswering"),
        ],
    )
    def test_names_of_weights(self, names, expected):
        assert model_of(BertConfig(architectures=["BertForSomethingElse"]), names) == expected

    def test_decoder(self):
        assert model_of(BertConfig(is_decoder=True), ["cls.predictions.bias"]) == "TFBertLMHeadModel"

    def test_ambiguous(self):
        with pytest.raises(ValueError, match="Give --model with one of TFBertModel"):
            model_of(BertConfig(), ["classifier.weight"])
