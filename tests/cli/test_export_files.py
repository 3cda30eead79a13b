"""The command line on LiteRT and ONNX files: export with a report, predict, inspect."""

import json

import pytest

from tests.cli.test_cli import TEXTS

CSV = "text,label\nI love the cat!,{}\na bad dog,{}\n"


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["tflite", "onnx"])
def test_a_file_is_exported_verified_asked_and_shown(run, classifier_folder, tmp_path, suffix):
    _, lines, _ = run("predict", classifier_folder, *TEXTS)
    winners = [line.split("\t")[0] for line in lines]
    held_out = tmp_path / "held_out.csv"
    held_out.write_text(CSV.format(*winners))
    path = tmp_path / f"model.{suffix}"
    code, lines, error = run(
        "export", classifier_folder, path, "--precision", "float16", "--verify", held_out, "--json"
    )
    assert code == 0, error
    facts = json.loads(lines[-1])
    assert facts["output"] == str(path)
    assert facts["report"]["accuracy"] == {"float32": 1.0, "exported": 1.0}
    assert (tmp_path / f"model.{suffix}.report.json").is_file()

    code, lines, _ = run("predict", path, *TEXTS)
    assert code == 0
    assert [line.split("\t")[0] for line in lines] == winners
    code, lines, _ = run("inspect", path, TEXTS[0], "--json")
    shown = json.loads(lines[0])
    assert (shown["task"], shown["precision"], shown["answer"]["label"]) == (
        "text-classification",
        "float16",
        winners[0],
    )
    assert "serving_default" in shown["signatures"]

    code, _, error = run("export", classifier_folder, path)
    assert (code, "exists already" in error) == (1, True)
    code, _, error = run("export", path, tmp_path / "again")
    assert (code, "exported already" in error) == (1, True)
    code, _, error = run("predict", path, TEXTS[0], "--option", "top_k=1")
    assert (code, "Export task.with_options" in error) == (1, True)


def test_ids_are_no_texts(run, classifier_folder, tmp_path):
    path = tmp_path / "ids.onnx"
    assert run("export", classifier_folder, path, "--inputs", "ids")[0] == 0
    code, _, error = run("predict", path, "a")
    assert (code, 'inputs="text"' in error) == (1, True)
    assert run("inspect", path)[0] == 0
    assert run("inspect", path, "a")[0] == 2


def test_calibration_belongs_to_full_int8(run, classifier_folder, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(TEXTS))
    code, _, error = run("export", classifier_folder, tmp_path / "model.tflite", "--calibrate", texts)
    assert (code, "calibration_texts" in error) == (1, True)
    (tmp_path / "none.txt").write_text("")
    code, _, error = run("export", classifier_folder, tmp_path / "m.tflite", "--calibrate", tmp_path / "none.txt")
    assert (code, "holds no texts" in error) == (1, True)
