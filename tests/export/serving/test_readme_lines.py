"""The README of a bundle, followed line by line against the embedded server, which replays the warm-up file."""

import json
import re
import shlex
import subprocess
import sys
import urllib.request

import numpy as np
import pytest


@pytest.fixture(scope="module")
def server(bundle):
    """The addresses, REST and gRPC, of `tfbert serve` on the bundle."""
    command = [sys.executable, "-m", "tfbert.cli.main", "serve", ".", "--rest-port", "0", "--grpc-port", "0"]
    process = subprocess.Popen(command, cwd=bundle, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0
        process.stdout.close()


@pytest.mark.slow
def test_every_line_of_the_readme_is_answered(bundle, server, classifier):
    readme = (bundle / "README.md").read_text()
    (text,) = {
        json.loads(shlex.split(line)[2]).get("instances", [None])[0]
        for line in readme.splitlines()
        if line.startswith("    curl ")
    } - {None}
    expected = {name: values[0] for name, values in classifier.predict([text], verbose=0).items()}

    lines = [shlex.split(line) for line in readme.splitlines() if line.startswith("    curl ")]
    for _, _, body, address in lines:
        url = address.replace("http://localhost:8501", server["rest"])
        with urllib.request.urlopen(urllib.request.Request(url, body.encode())) as response:
            answer = json.load(response)
        if address.endswith(":classify"):
            (classes,) = answer["results"]
            assert [label for label, _ in classes] == expected["labels"].tolist()
            np.testing.assert_allclose([score for _, score in classes], expected["scores"], atol=1e-5)
        else:
            assert answer["predictions"][0]["label"] == expected["label"]
            np.testing.assert_allclose(answer["predictions"][0]["scores"], expected["scores"], atol=1e-5)
    assert len(lines) == 4

    blocks = [re.sub(r"(?m)^    ", "", block) for block in re.findall(r"(?m)(?:^    .*\n|^\n)+", readme)]
    programs = [block for block in blocks if "import " in block]
    assert len(programs) == 2
    for program in programs:
        code = program.replace("localhost:8500", server["grpc"])
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        assert str(expected["label"]) in result.stdout
