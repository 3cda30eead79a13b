"""The files beside the models of a bundle that Docker, Kubernetes, KServe and TensorFlow Serving start it with."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfbert.export.formats import size_of
from tfbert.export.serving.batching_config import BATCHING_FILE, batching_text
from tfbert.export.serving.bundle_model import BundleModel, bundle_models
from tfbert.export.serving.readme import readme_text
from tfbert.export.serving.server_flags import (
    IMAGE,
    IMAGE_VERSION,
    MONITORING_FILE,
    XLA_FLAG,
    misfits,
    server_flags,
)
from tfbert.export.serving.template_texts import filled
from tfbert.export.staging import staged_path

logger = logging.getLogger("tfbert")
MEGABYTES_OF_SERVER, MEGABYTES_STEP = 1024, 256


def write_operator_files(root: Path, config: Any) -> None:
    """Write the page for operators anew, and of the other files those that are missing.

    Args:
        root: Path of the bundle.
        config: `message("ModelServerConfig")`, what its `models.config` says or is to say.
    """
    models = bundle_models(root, config)
    flags, first = server_flags(models), models[0]
    texts = {
        BATCHING_FILE: batching_text(),
        MONITORING_FILE: filled(MONITORING_FILE),
        "compose.yaml": filled("compose.yaml", image=IMAGE, compose_flags=_listed(flags, 6)),
        "kubernetes.yaml": filled(
            "kubernetes.yaml",
            image=IMAGE,
            name=first.name,
            dns_name=first.dns_name,
            kubernetes_flags=_listed(flags, 12),
            memory=_memory(models),
        ),
    }
    for name, text in texts.items():
        if not (root / name).exists():
            _write(root / name, text)
    _add_to_kserve(root, models)
    _write(root / "README.md", readme_text(models, flags))
    for sentence in misfits(root, models):
        logger.warning("The bundle %s: %s", root, sentence)


def _add_to_kserve(root: Path, models: Sequence[BundleModel]) -> None:
    """Add the models that `kserve.yaml` lacks at its end, and leave what stands there as it is."""
    path = root / "kserve.yaml"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    documents = [text.rstrip("\n") + "\n"] if text else []
    for model in models:
        if not re.search(rf'^  name: "?{re.escape(model.dns_name)}"?$', text, re.MULTILINE):
            documents.append(
                filled(
                    "kserve.yaml",
                    name=model.name,
                    dns_name=model.dns_name,
                    image_version=IMAGE_VERSION,
                    memory=_memory([model]),
                    kserve_args=f"      args:\n        - {XLA_FLAG}=true\n" if model.is_compiled else "",
                )
            )
    _write(path, "---\n".join(documents))


def _write(path: Path, text: str) -> None:
    with staged_path(path, overwrite=True) as staging:
        staging.write_text(text, encoding="utf-8")


def _listed(flags: Sequence[str], indent: int) -> str:
    """Flags as a list of YAML."""
    return "\n".join(f"{' ' * indent}- {flag}" for flag in flags)


def _memory(models: Sequence[BundleModel]) -> str:
    """Memory for a server of these models: itself, and the files of a labelled version, the newest and the next."""
    megabytes = MEGABYTES_OF_SERVER + 3 * sum(size_of(model.folder) for model in models) / 2**20
    return f"{-int(-megabytes // MEGABYTES_STEP) * MEGABYTES_STEP}Mi"
