"""Models by name: a cache as the hub's library lays it out, a hub that answers from memory, and none at all."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest

from tests.conftest import FIXTURES
from tfbert import BertConfig, BertTokenizer, TFBertForSequenceClassification, TFBertModel, TFBertTokenizer
from tfbert.hub import resolve_folder
from tfbert.tasks import TextClassifier, TextEmbedder

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = "owner/tiny-bert"
IDS = np.array([[2, 5, 6, 3]])


@pytest.fixture
def cache(tmp_path, tiny_folder):
    """A cache that holds one classifier: files by their content, and a snapshot of links to them."""
    home = tmp_path / "cache" / "models--owner--tiny-bert"
    snapshot = home / "snapshots" / COMMIT
    for part in (snapshot, home / "blobs", home / "refs"):
        part.mkdir(parents=True)
    (home / "refs" / "main").write_text(COMMIT)
    for index, path in enumerate(sorted(tiny_folder("classifier_single_label").iterdir())):
        shutil.copyfile(path, home / "blobs" / f"{index:040x}")
        (snapshot / path.name).symlink_to(f"../../blobs/{index:040x}")
    return tmp_path / "cache"


class Hub:
    """Stands in for `snapshot_download`: copies the files of a model that it is asked for."""

    def __init__(self, files, folder):
        self.files, self.folder, self.asked = files, folder, []

    def __call__(self, name, *, allow_patterns, **options):
        self.asked.append((name, options))
        for path in huggingface_hub.utils.filter_repo_objects(self.files, allow_patterns=allow_patterns):
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.files[path], self.folder / path)
        return str(self.folder)

    @property
    def fetched(self):
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Return a function that makes the hub hold one model."""

    def hold(files):
        stand_in = Hub(files, tmp_path / "snapshot")
        stand_in.folder.mkdir()
        monkeypatch.setattr(huggingface_hub, "snapshot_download", stand_in)
        return stand_in

    return hold


class TestCache:
    def test_everything_loads_by_name(self, cache):
        options = {"cache_dir": cache, "local_files_only": True}
        expected = TFBertForSequenceClassification.from_pretrained(FIXTURES / "tiny" / "classifier_single_label")
        model = TFBertForSequenceClassification.from_pretrained(NAME, **options)
        np.testing.assert_array_equal(model(IDS).logits, expected(IDS).logits)
        assert BertConfig.from_pretrained(NAME, **options) == expected.config
        tokenizer = TFBertTokenizer.from_pretrained(NAME, do_lower_case=False, **options)
        host = BertTokenizer.from_pretrained(NAME, **options)
        assert (tokenizer.do_lower_case, host.do_lower_case, host.name_or_path) == (False, True, NAME)
        classifier = TextClassifier.from_pretrained(NAME, max_length=16, **options)
        assert classifier("good")["label"].shape == (1,)
        assert TextEmbedder.from_pretrained(NAME, **options)("good")["embedding"].shape == (1, 32)

    @pytest.mark.parametrize("revision", ["main", COMMIT])
    def test_revision(self, cache, revision):
        folder = resolve_folder(NAME, ["config.json"], cache_dir=cache, local_files_only=True, revision=revision)
        assert folder == cache / "models--owner--tiny-bert" / "snapshots" / COMMIT

    def test_unknown_revision_is_told_with_what_was_looked_for(self, cache):
        with pytest.raises(FileNotFoundError, match=r"revision='v2'.*Looked for config\.json, bert_config\.json"):
            BertConfig.from_pretrained(NAME, cache_dir=cache, local_files_only=True, revision="v2")

    def test_weights_that_were_never_fetched(self, cache):
        (cache / "models--owner--tiny-bert" / "snapshots" / COMMIT / "model.safetensors").unlink()
        with pytest.raises(FileNotFoundError, match=r"No weights in .*It holds config\.json"):
            TFBertModel.from_pretrained(NAME, cache_dir=cache, local_files_only=True)

    @pytest.mark.parametrize("variables", [{"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": "{cache}"}, {"HF_HOME": "{home}"}])
    def test_variables_are_obeyed(self, cache, tmp_path, variables):
        (tmp_path / "home").mkdir()
        shutil.copytree(cache, tmp_path / "home" / "hub", symlinks=True)
        values = {"cache": str(cache), "home": str(tmp_path / "home")}
        offline = {"HF_HUB_OFFLINE": "1", "PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])}
        code = (
            "from tfbert.hub import resolve_folder\n"
            f"print(resolve_folder({NAME!r}, ['config.json']))\n"
            "try: resolve_folder('owner/other', ['config.json'])\n"
            "except FileNotFoundError as error: print(error)"
        )
        process = subprocess.run(
            [sys.executable, "-c", code],
            env={**offline, **{name: value.format(**values) for name, value in variables.items()}},
            capture_output=True,
            text=True,
            check=True,
        )
        found, error = process.stdout.split("\n", 1)
        assert found.endswith(COMMIT)
        assert found.startswith(values["cache" if "HF_HUB_CACHE" in variables else "home"])
        assert "'owner/other' is no folder or file on this machine" in error
        assert "Looked for config.json" in error


class TestFetching:
    def test_only_the_format_that_is_read(self, hub):
        tiny = FIXTURES / "tiny" / "model_gelu_l2"
        files = {"config.json": tiny / "config.json", "pytorch_model.bin": FIXTURES / "torch_files" / "zip.bin"}
        files |= {"model.safetensors": tiny / "model.safetensors", "tf_model.h5": tiny / "config.json"}
        stand_in = hub({**files, "README.md": tiny / "config.json", "onnx/model.safetensors": tiny / "config.json"})
        TFBertModel.from_pretrained("tiny-bert", revision="v1", token="secret", cache_dir="/x")
        assert stand_in.fetched == ["config.json", "model.safetensors"]
        assert stand_in.asked == [
            ("tiny-bert", {"revision": "v1", "token": "secret", "cache_dir": "/x", "local_files_only": False})
        ]

    def test_shards_of_another_format(self, hub):
        folder = FIXTURES / "torch_files" / "sharded_bin"
        stand_in = hub({path.name: path for path in folder.iterdir()})
        TFBertModel.from_pretrained(NAME)
        assert stand_in.fetched == sorted(path.name for path in folder.iterdir())

    def test_subfolder(self, hub):
        folder = FIXTURES / "tiny" / "model_gelu_l2"
        names = ("config.json", "model.safetensors")
        stand_in = hub({f"{home}{name}": folder / name for name in names for home in ("", "within/")})
        model = TFBertModel.from_pretrained(NAME, subfolder="within")
        assert stand_in.fetched == ["within/config.json", "within/model.safetensors"]
        assert model.config == TFBertModel.from_pretrained(FIXTURES / "tiny", subfolder="model_gelu_l2").config

    def test_tokenizer_fetches_no_weights(self, hub, tiny_folder):
        folder = tiny_folder("model_gelu_l2")
        stand_in = hub({path.name: path for path in folder.iterdir()})
        TFBertTokenizer.from_pretrained(NAME)
        assert stand_in.fetched == ["tokenizer_config.json", "vocab.txt"]

    def test_embedder_fetches_its_modules(self, hub, tiny_folder, tmp_path):
        TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"), pooling="cls").save_pretrained(tmp_path / "saved")
        paths = [path for path in (tmp_path / "saved").rglob("*") if path.is_file()]
        stand_in = hub({path.relative_to(tmp_path / "saved").as_posix(): path for path in paths})
        embedder = TextEmbedder.from_pretrained(NAME)
        assert embedder.pooling == "cls"
        assert "1_Pooling/config.json" in stand_in.fetched

    def test_the_hubs_own_errors_are_passed_on_without_the_token(self, monkeypatch):
        def refuse(*_, **__):
            raise huggingface_hub.errors.HFValidationError("Repo id must be shorter")

        monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
        with pytest.raises(FileNotFoundError, match="The hub's answer: Repo id must be shorter") as caught:
            TFBertModel.from_pretrained(NAME, token="secret")
        assert "secret" not in str(caught.value)


class TestPaths:
    @pytest.fixture(autouse=True)
    def _no_hub(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)

    def test_a_path_that_exists_needs_no_hub(self, tmp_path):
        assert resolve_folder(tmp_path, ["config.json"]) == tmp_path
        assert resolve_folder(str(tmp_path), ["config.json"], revision="main") == tmp_path
        (tmp_path / "bert_model.ckpt.index").touch()
        assert resolve_folder(tmp_path / "bert_model.ckpt", ["config.json"]) == tmp_path / "bert_model.ckpt"

    @pytest.mark.parametrize(
        "location",
        [
            *("./model", "../model", "/model", "~/model", "a/b/c", "model/", "my model"),
            *("model.keras", "folder/model.safetensors", Path("owner/name")),
        ],
    )
    def test_what_can_be_no_name_is_no_folder(self, location):
        for load in (TFBertModel.from_pretrained, TFBertTokenizer.from_pretrained, BertConfig.from_pretrained):
            with pytest.raises(FileNotFoundError, match="is no folder or file on this machine, and no name"):
                load(location)

    @pytest.mark.parametrize("location", ["bert-base-uncased", "model/checkpoint-500"])
    def test_what_may_be_a_name_asks_for_the_library(self, location):
        with pytest.raises(
            ImportError, match=rf"'{location}' is no folder or file.*pip install \"tfbert-keras\[hub\]\""
        ):
            TFBertModel.from_pretrained(location)

    def test_options_of_the_hub_do_not_reach_the_config(self, tiny_folder):
        folder = tiny_folder("classifier_single_label")
        before = json.loads((folder / "config.json").read_text())
        config = BertConfig.from_pretrained(folder, revision="main", token=False)
        task = TextClassifier.from_pretrained(folder, revision="main", from_pt=True)
        assert config.extra.keys() == task.config.extra.keys() <= before.keys()
