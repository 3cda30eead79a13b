"""What stands around the model in a LiteRT file, and when it takes its place; no model is converted."""

import zipfile

import pytest

import tfbert.export.litert.export_litert as module
from tfbert.export.litert.file_metadata import attach_metadata, check_model, read_metadata
from tfbert.export.report_file import report_path

MODEL = bytes(range(256)) * 8


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(MODEL)
    attach_metadata(path, {"task": "text-classification", "labels": ["a\nb", "c\r\nd", "e"]})
    return path


def test_labels_are_one_a_line(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.txt").decode() == "a b\nc d\ne\n"
    metadata = read_metadata(path)
    assert metadata["labels"] == ["a\nb", "c\r\nd", "e"]
    assert path.read_bytes()[: metadata["model_size"]] == MODEL


@pytest.mark.parametrize("place", [0, len(MODEL) // 2, len(MODEL) - 1])
def test_a_damaged_model_is_refused(path, place):
    check_model(path, read_metadata(path))
    content = bytearray(path.read_bytes())
    content[place] = 0xF7 if content[place] != 0xF7 else 0
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is damaged.*Export it again"):
        check_model(path, read_metadata(path))


def test_damaged_metadata_is_refused(path):
    content, whole, refused = path.read_bytes(), read_metadata(path), 0
    for place in range(len(MODEL), len(content), 7):
        for byte in {0, 0xF7, content[place] ^ 1} - {content[place]}:
            path.write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
            try:
                metadata = read_metadata(path)
            except ValueError:
                refused += 1
            else:
                assert metadata == whole, place  # a byte that nothing hangs on
    assert refused > 10


def test_a_report_goes_with_the_file_that_it_is_of(path, monkeypatch):
    report_path(path).touch()

    def no_conversion(*_):
        raise AssertionError("the path is looked at first")

    monkeypatch.setattr(module, "convert", no_conversion)
    for name, error, message in (("model.tflite", FileExistsError, "overwrite=True"), ("m.lite", ValueError, "end in")):
        with pytest.raises(error, match=message):
            module.export_litert(path.with_name(name), {}, [], {}, probes=[])
    assert report_path(path).exists()
    monkeypatch.setattr(module, "convert", lambda *_: b"new")
    monkeypatch.setattr(module, "LiteRTModel", lambda _: None)
    module.export_litert(path, {}, [], {"task": "text-classification"}, probes=[], overwrite=True)
    assert [entry.name for entry in path.parent.iterdir()] == ["model.tflite"]
    check_model(path, read_metadata(path))
