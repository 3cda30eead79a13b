"""What TensorFlow Serving is started with, for the models of a bundle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tfbert.export.serving.batching_config import BATCHING_FILE
from tfbert.export.serving.bundle_model import BundleModel
from tfbert.export.serving.models_config import CONFIG_FILE, MODELS_FOLDER

# The newest image at the time of writing; it links tensorflow-text 2.20, which has every op that exports use.
IMAGE_VERSION = "2.20.0"
IMAGE = f"tensorflow/serving:{IMAGE_VERSION}"
MONITORING_FILE = "monitoring.config"
POLL_SECONDS = 30
FLAGS = (
    f"--model_config_file={MODELS_FOLDER}/{CONFIG_FILE}",
    f"--model_config_file_poll_wait_seconds={POLL_SECONDS}",
    "--allow_version_labels_for_unavailable_models=true",
    f"--monitoring_config_file={MODELS_FOLDER}/{MONITORING_FILE}",
)
BATCHING_FLAG = "--enable_batching"
BATCHING_FLAGS = (f"{BATCHING_FLAG}=true", f"--batching_parameters_file={MODELS_FOLDER}/{BATCHING_FILE}")
XLA_FLAG = "--xla_cpu_compilation_enabled"
GPU_IMAGE = re.compile(r"^\s*image: .*-gpu", re.MULTILINE)
STARTERS = ("compose.yaml", "kubernetes.yaml", "kserve.yaml")


def server_flags(models: Sequence[BundleModel]) -> list[str]:
    """Return the flags that a server of these models needs on a CPU.

    Args:
        models: Sequence of `BundleModel`.

    Returns:
        A list of str. TF Serving puts requests of equal shapes only into a batch, and fails those that it took with
        others; so it makes no batches where an input has several texts a row, as many as a client likes.
    """
    batching = [] if any(model.takes_several for model in models) else BATCHING_FLAGS
    return [*FLAGS, *batching, *[f"{XLA_FLAG}=true" for _ in range(any(model.is_compiled for model in models))]]


def misfits(root: Path, models: Sequence[BundleModel]) -> list[str]:
    """Return what in the files that start a server does not go with the models, which came later than the files.

    Args:
        root: Path of the bundle.
        models: Sequence of `BundleModel`.

    Returns:
        A list of sentences that say what to write.
    """
    found = []
    texts = {name: (root / name).read_text(encoding="utf-8") for name in STARTERS if (root / name).is_file()}
    for name, text in texts.items():
        for model in models:
            if model.is_compiled and XLA_FLAG not in text and not GPU_IMAGE.search(text):
                found.append(f"XLA compiles {model.name}: on a CPU {name} needs {XLA_FLAG}=true.")
            if model.takes_several and BATCHING_FLAG in text:
                found.append(f"Rows of {model.name} have any number of texts: take {BATCHING_FLAG} out of {name}.")
    return found
