"""The command line from a checkpoint to a bundle that is verified."""

import json

import pytest

from tfbert.export.serving.models_config import CONFIG_FILE


def test_what_is_damaged_is_printed_and_gives_the_exit_code(run, tmp_path):
    (tmp_path / "mood" / "1").mkdir(parents=True)
    code, lines, error = run("verify", tmp_path / "mood")
    assert (code, "1 of 9 checks failed" in error) == (1, True)
    assert [line.split()[:3] for line in lines[:2]] == [
        ["skipped", "mood/1", "manifest"],
        ["failed", "mood/1", "files"],
    ]
    code, lines, _ = run("verify", tmp_path / "mood", "--json")
    assert (code, len(lines), json.loads(lines[0])["ok"]) == (1, 1, False)


@pytest.mark.slow
def test_a_bundle_is_exported_shown_asked_and_verified(run, classifier_folder, tmp_path):
    root = tmp_path / "models"
    options = ("--name", "mood", "--max-length", "16", "--json")
    code, lines, error = run("export", classifier_folder, root, "--serving", *options)
    assert code == 0, error
    version = root / "mood" / "1"
    assert json.loads(lines[-1])["output"] == str(version)
    code, lines, _ = run("predict", version, "I love the cat!")
    assert (code, len(lines)) == (0, 1)
    code, lines, _ = run("inspect", version, "--json")
    assert json.loads(lines[0])["signatures"]["classify"].startswith("(inputs string[None]) -> classes")

    code, lines, error = run("verify", root)
    assert (code, error) == (0, "")
    assert {line.split()[0] for line in lines} == {"ok"}
    (root / CONFIG_FILE).unlink()
    (version / "fingerprint.pb").unlink()
    code, lines, error = run("verify", root)
    assert (code, "2 of 12 checks failed" in error) == (1, True)
    assert [line.split()[:3] for line in lines if line.startswith("failed")] == [
        ["failed", ".", CONFIG_FILE],
        ["failed", "mood/1", "manifest"],
    ]
    code, lines, error = run("verify", version, "--json")
    shown = json.loads(lines[0])
    assert (code, len(lines), shown["ok"]) == (1, 1, False)
    first = shown["checks"][0]
    assert (first["name"], first["where"], first["status"]) == ("manifest", "mood/1", "failed")
    assert "fingerprint.pb" in first["detail"]


@pytest.mark.parametrize("arguments", [("verify",), ("export", "a", "b", "--serving", "--format", "onnx")])
def test_commands_that_cannot_be_understood(run, arguments):
    assert run(*arguments)[0] == 2


def test_nothing_to_verify(run, tmp_path):
    code, _, error = run("verify", tmp_path)
    assert (code, "holds no models" in error) == (1, True)


def test_a_name_goes_with_a_bundle(run, classifier_folder, tmp_path):
    code, _, error = run("export", classifier_folder, tmp_path / "1", "--name", "mood")
    assert (code, "`name` goes with format='serving'" in error) == (1, True)
