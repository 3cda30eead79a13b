"""The files of operators: which version they describe, in which order they are written, and names in Kubernetes."""

import re
import shutil

import pytest
import yaml

from tfbert.export.serving import export_bundle
from tfbert.export.serving.export_bundle import _newest
from tfbert.export.serving.manifest import write_manifest
from tfbert.export.serving.models_config import (
    CONFIG_FILE,
    read_models_config,
    serve_version,
    write_models_config,
)
from tfbert.export.serving.operator_files import write_operator_files
from tfbert.export.serving.recorded_answers import ANSWERS_FILE


def test_the_newest_version_is_one_that_is_whole(tmp_path):
    for number in (1, 2, 3, 4):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "saved_model.pb").write_text("graph")
    for number in (2, 3, 4):
        write_manifest(tmp_path / str(number))
    (tmp_path / "4" / "saved_model.pb").write_text("gra")  # is being copied
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "saved_model.pb").write_text("graph")
    assert [_newest(tmp_path, written) for written in (1, 2, 3, 4)] == [3, 3, 3, 4]


def test_operators_files_describe_a_version_that_is_whole(copied):
    config = read_models_config(copied)
    for number in (2, 3):
        (copied / "sentiment" / str(number) / "assets.extra").mkdir(parents=True)
    (copied / "sentiment" / "3" / ANSWERS_FILE).write_text('{"half')
    serve_version(config, "sentiment", 3)
    write_operator_files(copied, config)
    assert "sentiment/versions/1:predict" in (copied / "README.md").read_text()
    shutil.copytree(copied / "sentiment" / "1", copied / "sentiment" / "4")
    shutil.copytree(copied / "sentiment" / "1", copied / "sentiment" / "5")
    serve_version(config, "sentiment", 4)
    write_operator_files(copied, config)
    assert "sentiment/versions/4:predict" in (copied / "README.md").read_text()


def test_models_config_is_written_last(tmp_path, monkeypatch):
    def fail(root, config):
        raise OSError("disk full")

    monkeypatch.setattr(export_bundle, "write_operator_files", fail)
    monkeypatch.setattr(export_bundle, "text_columns_of", lambda probe: {})
    monkeypatch.setattr(export_bundle, "write_version", lambda base, write: base / "1")
    with pytest.raises(OSError, match="disk full"):
        export_bundle.export_bundle(tmp_path, "a", {}, [], {}, probes=[{}])
    assert not (tmp_path / CONFIG_FILE).exists()


@pytest.mark.parametrize(("there", "name"), [("a_b", "a-b"), ("Mood", "mood"), ("_", "-"), ("a" * 50, "a" * 60)])
def test_names_that_are_one_in_kubernetes_are_refused(tmp_path, there, name):
    config = read_models_config(tmp_path)
    serve_version(config, there, 1)
    write_models_config(tmp_path, config)
    with pytest.raises(ValueError, match="in Kubernetes"):
        export_bundle.check_place(tmp_path, name)
    export_bundle.check_place(tmp_path, there)
    export_bundle.check_place(tmp_path, "other")


@pytest.mark.parametrize("name", ["on", "null", "true", "_", "a" * 100])
def test_any_name_is_a_name_in_yaml(copied, name):
    (copied / "sentiment").rename(copied / name)
    (copied / CONFIG_FILE).unlink()
    for file in ("kserve.yaml", "kubernetes.yaml"):
        (copied / file).unlink()
    config = read_models_config(copied)
    serve_version(config, name, 1)
    for _ in range(2):
        write_operator_files(copied, config)
        documents = [*yaml.safe_load_all((copied / "kserve.yaml").read_text())]
        documents += yaml.safe_load_all((copied / "kubernetes.yaml").read_text())
        assert len(documents) == 3
    for document in documents:
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,48}[a-z0-9])?", document["metadata"]["name"])
