"""`--output` of processes that are killed again and again: the file is that of one that was not."""

import json
import random
import subprocess
import sys
import time

import pytest

from tests.tasks.pipelines.references import make_folder
from tfbert.tasks import TextClassifier

pytestmark = pytest.mark.slow
ROWS = 12_000
KILLS = 4
SECONDS = 120
# Answers are put on the disk at each batch, so that a kill comes long before the end however fast the machine is.
MAIN = "import sys; from tfbert.cli import main, resumable_output; resumable_output.SECONDS = 0; sys.exit(main.main())"


def test_killed_runs_give_the_same_bytes(tmp_path):
    model = TextClassifier.from_pretrained(make_folder(tmp_path, "sentiment")).export(tmp_path / "export" / "1")
    texts = tmp_path / "texts.jsonl"
    rows = ({"id": row, "text": f"cat {'good ' * (row % 40)}{row}"} for row in range(ROWS))
    texts.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    command = [sys.executable, "-c", MAIN, "predict", model, "--input", texts, "--output"]
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    subprocess.run([*command, whole], check=True, timeout=SECONDS, capture_output=True)
    places, moments = [0], random.Random(0)
    for _ in range(KILLS):
        with subprocess.Popen([*command, killed], stderr=subprocess.PIPE) as process:
            try:
                until = places[-1] + moments.randrange(1, ROWS // KILLS // 2)
                while answered(killed) < until:
                    assert process.poll() is None, process.stderr.read().decode()[-2000:]
                    time.sleep(0.002)
                time.sleep(moments.uniform(0, 0.03))  # about a batch: anywhere between two of its writes
            finally:
                process.kill()
        assert not killed.exists(), "it was through before it was killed"
        places.append(answered(killed))
    assert sorted(set(places)) == places
    subprocess.run([*command, killed], check=True, timeout=SECONDS, capture_output=True)
    assert killed.read_bytes() == whole.read_bytes()
    assert [json.loads(line)["id"] for line in killed.read_text().splitlines()] == list(range(ROWS))


def answered(path):
    """How many rows are on the disk."""
    try:
        return json.loads(path.with_name(f"{path.name}.partial.json").read_text())["rows"]
    except FileNotFoundError:
        return 0
