"""The one check that runs before anything else is imported."""

import importlib.util
import json
import os
from pathlib import Path


def require_tensorflow_backend() -> None:
    """Fail with one clear sentence where tfbert cannot run; looks at settings only, imports nothing.

    Raises:
        ImportError: If Keras is set to another backend, or tensorflow-text is not installed.
    """
    backend = os.environ.get("KERAS_BACKEND") or _configured_backend()
    if backend != "tensorflow":
        raise ImportError(
            f"tfbert runs on Keras' TensorFlow backend only, but the backend is {backend!r}. "
            "Set KERAS_BACKEND=tensorflow in the environment before Python starts."
        )
    if importlib.util.find_spec("tensorflow_text") is None:
        raise ImportError(
            "tfbert needs tensorflow-text of the same minor version as TensorFlow, and it is not installed. "
            "Run `pip install 'tensorflow-text>=2.21,<2.22'` (no wheels exist for Windows: use WSL)."
        )


def _configured_backend() -> str:
    """Return the backend that Keras' own settings file names; TensorFlow where it names none."""
    path = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
    try:
        return json.loads(path.read_text(encoding="utf-8")).get("backend", "tensorflow")
    except (OSError, ValueError):
        return "tensorflow"  # Keras passes over a file that it cannot read, too
