"""What a Spark test needs: Java, and scripts in processes of their own, since a JVM goes with each."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MINUTES = 8
# Half of the processor time went into compiling Java, for runs too short to gain by it.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@pytest.fixture(scope="session")
def run_script():
    """Return a function that runs a Python script with Spark at hand, and returns the lines of its output."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.fail("Java is missing, without which there is no Spark. Run `make tools`.")

    def run(script, *arguments):
        settings = {"PYTHONPATH": str(ROOT), "SPARK_LOCAL_IP": "127.0.0.1", "JAVA_TOOL_OPTIONS": JAVA_OPTIONS}
        result = subprocess.run(
            [sys.executable, script, *map(str, arguments)],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=60 * MINUTES,
        )
        assert result.returncode == 0, result.stderr[-4000:]
        return result.stdout.splitlines()

    return run
