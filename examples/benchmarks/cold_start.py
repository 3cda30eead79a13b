"""How long a new process takes until it answers, step by step.

    python examples/benchmarks/cold_start.py

Each program of `cold_starts/` runs in a new process in every round; figures are medians over the rounds. The first
round, which also brings files into memory and leaves Python's bytecode behind, does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from examples import assets  # noqa: E402
from examples.benchmarks.report import add_options, machine, write_report  # noqa: E402

PROGRAMS = Path(__file__).resolve().parent / "cold_starts"


def seconds_of(program: str, *arguments: str) -> dict[str, float]:
    """Run a program in a new process; return the seconds of its steps."""
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode, too
    command = [sys.executable, str(PROGRAMS / f"{program}.py"), *arguments]
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    add_options(parser)
    args = parser.parse_args()
    from tfbert.tasks import TextEmbedder

    print(machine())
    folder, text = assets.minilm_folder(), assets.tweets()[0][0]
    with tempfile.TemporaryDirectory() as temporary:
        path = TextEmbedder.from_pretrained(folder).export(Path(temporary) / "model")
        programs = {
            "import_name": [],
            "import_tfbert": [],
            "serve": [str(path), text],
            "from_pretrained": [str(folder), text],
        }
        rounds = [{name: seconds_of(name, *given) for name, given in programs.items()} for _ in range(args.rounds + 1)]
    result: dict[str, dict[str, float]] = {}
    for name in programs:
        of_program = [one[name] for one in rounds[1:]]
        result[name] = {step: statistics.median(one[step] for one in of_program) for step in of_program[0]}
        result[name]["together"] = statistics.median(sum(one.values()) for one in of_program)
        print(name)
        for step, seconds in result[name].items():
            print(f"  {step:24} {1000 * seconds:8.1f} ms")
    imported = result["import_tfbert"]
    beyond = imported["tfbert, beyond these"] + imported["tfbert.tasks"]
    share = beyond / imported["tensorflow, with Keras"]
    print(f"Importing tfbert beyond TensorFlow and tensorflow-text: {share:.3f} of importing TensorFlow")
    bars = {f"{name}: {step}": seconds for name, steps in result.items() for step, seconds in steps.items()}
    write_report(args, {"seconds": result}, bars, "Seconds of a new process")


if __name__ == "__main__":
    main()
