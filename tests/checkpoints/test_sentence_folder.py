import json

import pytest

from tfbert.checkpoints.sentence_folder import SentenceSettings, read_sentence_settings, write_sentence_settings


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
@pytest.mark.parametrize("normalize", [True, False])
def test_what_is_written_is_read(tmp_path, pooling, normalize):
    write_sentence_settings(tmp_path, pooling=pooling, normalize=normalize, max_length=99, hidden_size=8)
    assert read_sentence_settings(tmp_path) == SentenceSettings(pooling, normalize, 99)


def test_plain_folder_means_normalised_mean(tmp_path):
    assert read_sentence_settings(tmp_path) == SentenceSettings("mean", True, None)


def change(path, **fields):
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_pooling_that_is_not_supported_is_refused_unless_another_is_asked_for(tmp_path):
    write_sentence_settings(tmp_path, pooling="mean", normalize=True, max_length=9, hidden_size=8)
    change(tmp_path / "1_Pooling" / "config.json", pooling_mode_mean_tokens=False, pooling_mode_lasttoken=True)
    with pytest.raises(ValueError, match="pooling_mode_lasttoken"):
        read_sentence_settings(tmp_path)
    assert read_sentence_settings(tmp_path, pooling="cls").pooling == "cls"
    change(tmp_path / "1_Pooling" / "config.json", pooling_mode_mean_tokens=True)
    with pytest.raises(ValueError, match="exactly one"):
        read_sentence_settings(tmp_path)


def test_unknown_module_is_refused(tmp_path):
    write_sentence_settings(tmp_path, pooling="mean", normalize=True, max_length=9, hidden_size=8)
    modules = json.loads((tmp_path / "modules.json").read_text())
    modules.append({"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"})
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ValueError, match="'Dense'"):
        read_sentence_settings(tmp_path)


def test_path_out_of_the_folder_is_refused(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    write_sentence_settings(folder, pooling="mean", normalize=True, max_length=9, hidden_size=8)
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["path"] = "../outside"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ValueError, match="outside its folder"):
        read_sentence_settings(folder)


def test_missing_pooling_file_is_named(tmp_path):
    write_sentence_settings(tmp_path, pooling="mean", normalize=True, max_length=9, hidden_size=8)
    (tmp_path / "1_Pooling" / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match="1_Pooling"):
        read_sentence_settings(tmp_path)
