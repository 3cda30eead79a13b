"""Other libraries to compare with, each in an environment of its own, each in a process that waits for its turns.

python examples/benchmarks/peers.py torch hugging_face_tf     # make the environments ahead (1 to 3 GB in .cache/peers)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("TFBERT_CACHE", ROOT / ".cache")) / "peers"
REQUIREMENTS = {
    "torch": ["torch==2.13.0", "transformers==5.23.0", "numpy>=2", "onnx==1.23.2"],
    "hugging_face_tf": ["transformers==4.54.1", "tensorflow==2.21.0", "tf_keras==2.21.0", "tokenizers==0.21.4"],
    "jax": ["jax[cpu]==0.10.2"],
    "onnxruntime": ["onnxruntime==1.32.0", "onnx==1.23.2", "sympy>=1.13", "tokenizers==0.23.3", "numpy>=2"],
    "keras_hub": [
        "keras-hub==0.32.0",
        "tensorflow==2.21.0",
        "tensorflow-text==2.21.0",
        "safetensors>=0.5",
        "tokenizers==0.23.3",
    ],
}


def python_of(name: str) -> str:
    """Return the interpreter of a peer's environment, which is made first if it is missing.

    Args:
        name: str. A key of `REQUIREMENTS`; "tfbert" is the environment that runs this.

    Returns:
        str. A path; an environment variable such as `TFBERT_PEER_TORCH` names one that is there already.
    """
    if name == "tfbert":
        return sys.executable
    given = os.environ.get(f"TFBERT_PEER_{name.upper()}")
    if given:
        return given
    folder = CACHE / name
    ready, python = folder / ".ready", folder / "bin" / "python"
    wanted = "\n".join(REQUIREMENTS[name])
    if not ready.is_file() or ready.read_text() != wanted:
        print(f"Making the environment of {name} in {folder} …", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS[name]], check=True)
        ready.write_text(wanted)
    return str(python)


class Peer:
    """A script in a process of its own that does one turn of work for each line it is sent.

    The script prints one line of JSON when it is ready, and one for each turn.

    Args:
        environment: str. A key of `REQUIREMENTS`, or "tfbert".
        script: Path.
        *arguments: str.
        threads: int, default 2. Cores that it may use.
    """

    def __init__(self, environment: str, script: Path, *arguments: str, threads: int = 2):
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TRANSFORMERS_VERBOSITY": "error", "TOKENIZERS_PARALLELISM": "false"}
        pools = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TFBERT_THREADS")
        cores = dict.fromkeys(pools, str(threads))
        self.process = subprocess.Popen(
            [python_of(environment), str(script), *arguments],
            env={**os.environ, **quiet, **cores, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.about = self._read()

    def turn(self) -> dict:
        """Let it work, and return what it says of that."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> dict:
        for line in self.process.stdout:
            if line.startswith("{"):  # libraries may print, too
                return json.loads(line)
        raise RuntimeError(
            f"{self.process.args} ended with the code {self.process.wait()}; run it by itself to see why."
        )

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *error) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)


def serve_turns(about: dict, work) -> None:
    """The other side: say `about`, then what `work()` returns for each line of standard input."""
    print(json.dumps(about), flush=True)
    for _ in sys.stdin:
        print(json.dumps(work()), flush=True)


if __name__ == "__main__":
    for peer in sys.argv[1:]:
        print(peer, python_of(peer))
