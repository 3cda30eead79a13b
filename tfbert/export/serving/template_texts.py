"""The texts in the folder `templates`, filled in."""

from __future__ import annotations

from importlib.resources import files
from string import Template


def filled(template: str, /, **values: str) -> str:
    """Return a template with values in the place of its `$names`.

    Args:
        template: str. File in the folder `templates`.
        **values: str by name; each that the template has.

    Returns:
        str.
    """
    text = files("tfbert.export.serving").joinpath("templates", template).read_text(encoding="utf-8")
    return Template(text).substitute(values)
