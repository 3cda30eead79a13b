"""Commands of `tfbert serve` that cannot be followed."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing-here"], 1, "Nothing to serve at"),
        ([".", "--rest-port", "none", "--grpc-port", "none"], 2, "must not both be None"),
        ([".", "--max-batch-size", "0"], 2, "`max_batch_size`"),
        ([".", "--rest-port", "x"], 2, "--rest-port"),
        ([".", "--threads", "0"], 2, "`threads`"),
    ],
)
def test_wrong_commands_are_refused(tmp_path, arguments, code, message):
    done = subprocess.run(
        [sys.executable, "-m", "tfbert.cli.main", "serve", *arguments], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, message in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr
