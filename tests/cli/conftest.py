"""A tiny checkpoint folder of two kinds, and the command line run in this process."""

import io
import sys

import pytest

from tfbert.cli.main import main


@pytest.fixture
def classifier_folder(tiny_folder):
    return str(tiny_folder("classifier_single_label"))


@pytest.fixture
def embedder_folder(tiny_folder):
    return str(tiny_folder("model_gelu_l2"))


@pytest.fixture
def run(capsys, monkeypatch):
    """Return a function that runs a command and returns (exit code, lines of output, error text)."""

    def call(*arguments, stdin=None):
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out.splitlines(), captured.err

    return call
