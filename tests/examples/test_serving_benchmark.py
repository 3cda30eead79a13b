"""`examples/benchmarks/serving.py` on a tiny model: every load is run, and every answer is right."""

import json
import subprocess
import sys

import pytest

from examples.benchmarks.report import __file__ as report_file
from tests.conftest import copy_tiny

pytestmark = [pytest.mark.slow, pytest.mark.weights]  # the tweets


def test_every_load_is_answered(tmp_path):
    from tfbert.tasks import TextClassifier

    model = TextClassifier.from_pretrained(copy_tiny("classifier_single_label", tmp_path)).export(
        tmp_path / "tiny" / "1"
    )
    script = report_file.replace("report.py", "serving.py")
    command = [sys.executable, script, "--model", str(model), "--clients", "64", "--seconds", "1", "--texts", "64"]
    done = subprocess.run([*command, "--json", str(tmp_path / "report.json")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    loads = json.loads((tmp_path / "report.json").read_text())["loads"]
    kinds = ("64 clients", "64 clients, batching off")
    assert set(loads) == {f"{protocol}, {kind}" for protocol in ("rest", "grpc") for kind in kinds}
    for row in loads.values():
        assert (row["lost"], row["wrong"]) == (0, 0)
        assert row["asked"] > 10
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
