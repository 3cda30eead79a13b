"""`tfbert train` by several processes, each started with the same command."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import copy_tiny
from tests.training.test_many_devices import ROOT, addresses, finish
from tfbert.cli.main import main
from tfbert.cli.train_workers import strategy_of
from tfbert.tasks import TextClassifier

REVIEWS = "text,label\n" + "i love the cat,good\ni hate the cat,bad\na bad dog,bad\n" * 3


@pytest.fixture
def train(tmp_path):
    """Return the command that trains the bare checkpoint on a file."""
    (tmp_path / "reviews.csv").write_text(REVIEWS)
    copy_tiny("model_gelu_l2", tmp_path).rename(tmp_path / "bare")
    data = ["--data", str(tmp_path / "reviews.csv"), "--test-data", str(tmp_path / "reviews.csv")]
    return ["train", str(tmp_path / "bare"), *data, "--output", str(tmp_path / "out"), "--no-plots", "--json"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "a:1,b:2"], "give --workers and --worker-index both"),
        (["--worker-index", "0"], "give --workers and --worker-index both"),
        (["--workers", "a:1,b:2", "--worker-index", "0", "--gradient-accumulation", "2"], "cannot accumulate"),
    ],
)
def test_options_that_do_not_go_together(train, capsys, options, message):
    assert main([*train, *options]) == 2
    assert message in capsys.readouterr().err


def test_wrong_addresses_are_told(train, capsys):
    assert main([*train, "--workers", "here,there", "--worker-index", "0"]) == 1
    assert "`addresses` must be a list of 'host:port'" in capsys.readouterr().err


def test_an_environment_of_one_worker_is_none(monkeypatch):
    alone = {"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(alone))
    options = type("Options", (), {"workers": None, "worker_index": None, "worker_timeout": 1})
    assert strategy_of(options).num_replicas_in_sync == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("how", ["options", "environment"])
def test_two_processes_train_one_model(train, tmp_path, how):
    places, processes = addresses(), []
    for index in range(2):
        options, environment = ["--workers", ",".join(places), "--worker-index", str(index)], {}
        if how == "environment":
            config = {"cluster": {"worker": places}, "task": {"type": "worker", "index": index}}
            options, environment = [], {"TF_CONFIG": json.dumps(config)}
        extra = ["--epochs", "2", "--batch-size", "4", "--export", str(tmp_path / "1"), "--resume", *options]
        processes.append(start([*train, *extra, "--csv-log", str(tmp_path / "log.csv")], environment))
    codes, outputs = finish(processes)
    assert codes == [0, 0], outputs
    chief, other = ([line for line in output.splitlines() if line.startswith("{")] for output in outputs)
    assert json.loads(chief[-1]).keys() >= {"loss", "accuracy", "test_loss", "test_accuracy"}
    assert not other
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3
    assert (tmp_path / "out" / "README.md").is_file()
    assert (tmp_path / "1" / "saved_model.pb").is_file()
    assert TextClassifier.from_pretrained(tmp_path / "out").predict(["a cat"], verbose=0)["label"][0] in ("good", "bad")


def start(arguments, environment):
    return subprocess.Popen(
        [sys.executable, "-m", "tfbert.cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
