"""The page for operators: how each model of a bundle is run and asked."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

from tfbert.export.serving.bundle_model import BundleModel
from tfbert.export.serving.server_flags import IMAGE, POLL_SECONDS, XLA_FLAG
from tfbert.export.serving.template_texts import filled
from tfbert.export.signature_inputs import EXAMPLE_SIGNATURES

XLA_NOTE = f" XLA compiles it: on a CPU the server needs `{XLA_FLAG}=true`, as above."


def readme_text(models: Sequence[BundleModel], flags: Sequence[str]) -> str:
    """Return the page.

    Args:
        models: Sequence of `BundleModel`.
        flags: Sequence of str. What TensorFlow Serving is started with.

    Returns:
        str, Markdown.
    """
    docker_flags = " \\\n".join(f"      {flag}" for flag in flags)
    sections = "".join(map(_section, models))
    return filled("readme.md", image=IMAGE, docker_flags=docker_flags, poll_seconds=str(POLL_SECONDS), models=sections)


def predict_body(row: dict[str, list[Any]]) -> dict[str, Any]:
    """Return the body of a REST request for predict: a text as it is where the model takes one, else all by name.

    Args:
        row: dict of text columns.

    Returns:
        A dict, to be written as JSON.

    Example:
        >>> predict_body({"text": ["a"]})
        {'instances': ['a']}
    """
    return {"instances": next(iter(row.values())) if len(row) == 1 else _rows(row)}


def _section(model: BundleModel) -> str:
    address = f"http://localhost:8501/v1/models/{model.name}"
    lines = [
        f"    curl -d {_shell({'signature_name': method, 'examples': _rows(model.row)})} {address}:{method}\n"
        for method in EXAMPLE_SIGNATURES
        if method in model.signatures
    ]
    return filled(
        "model.md",
        name=model.name,
        version=model.folder.name,
        task=model.task,
        inputs=", ".join(f"`{name}`" for name in model.inputs),
        xla_note=XLA_NOTE if model.is_compiled else "",
        signatures=", ".join(f"`{name}`" for name in model.signatures),
        body=_shell(predict_body(model.row)),
        examples="".join(lines),
        columns=json.dumps(model.row, ensure_ascii=False),
    )


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values)) for values in zip(*columns.values())]


def _shell(body: dict[str, Any]) -> str:
    return shlex.quote(json.dumps(body, ensure_ascii=False))
