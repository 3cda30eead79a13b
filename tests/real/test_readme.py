"""README's Python runs as written, in a folder with nothing but the fetched weights."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples import assets

pytestmark = pytest.mark.weights

README = Path(__file__).resolve().parents[2] / "README.md"


SERVING = 1  # the block of whoever has TensorFlow and no tfbert: it must not profit from what others imported


@pytest.mark.slow
def test_python_blocks_run_in_order(minilm_folder, tmp_path, monkeypatch, capsys):
    assets.antiberty_folder()
    (tmp_path / ".cache").symlink_to(minilm_folder.parent)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 9
    monkeypatch.chdir(tmp_path)
    outputs = []
    for number, block in enumerate(blocks):
        if number == SERVING:
            result = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True)
            assert result.returncode == 0, result.stderr
            outputs.append(result.stdout)
        else:
            capsys.readouterr()
            exec(compile(block, f"README.md, block {number}", "exec"), {"__name__": "__main__"})  # names of its own
            outputs.append(capsys.readouterr().out)
    assert outputs[0].splitlines()[-1] == "['good' 'bad']"
    assert outputs[1].startswith("[b'good']")
    assert outputs[2].splitlines() == ["0.0417", "(1, 7, 384) (1, 384) 7"]
    assert outputs[3].splitlines() == ["C 0.9791", "[0.69, -0.01]"]
    assert outputs[4] == "C\n"
    assert outputs[6].splitlines() == ["(2, 384)", "(1, 384)"]
    assert outputs[7].splitlines()[0] == "['good']"
    assert outputs[7].splitlines()[1].startswith("[{'label': 'good', 'score': 0.")
    assert outputs[8].splitlines()[-1] == "['good' 'bad']"
    assert (tmp_path / "outputs" / "antiberty" / "model-00003-of-00003.safetensors").is_file()
    assert (tmp_path / "outputs" / "reviews" / "model.safetensors").is_file()
