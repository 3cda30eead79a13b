"""The files of the page, and the headers that keep them from loading or running anything else."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

TYPES = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "fields.js": "text/javascript; charset=utf-8",
    "answers.js": "text/javascript; charset=utf-8",
    "elements.js": "text/javascript; charset=utf-8",
    "marked_text.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class PageFile(NamedTuple):
    """A file of the page.

    Args:
        body: bytes.
        headers: dict of str. Its type, and what a browser may do with it.
    """

    body: bytes
    headers: dict[str, str]


def page_file(path: str) -> PageFile | None:
    """Return the file that an address names.

    Args:
        path: str. "/" for the page itself, "/page/NAME" for what belongs to it.

    Returns:
        A `PageFile`, or None where the page has no such file.

    Example:
        >>> page_file("/").headers["Content-Type"]
        'text/html; charset=utf-8'
        >>> page_file("/page/../server.py") is None
        True
    """
    name = "index.html" if path == "/" else path.removeprefix("/page/")
    if name not in TYPES or (path != "/" and not path.startswith("/page/")):
        return None
    return PageFile(files(__package__).joinpath(name).read_bytes(), {"Content-Type": TYPES[name], **HEADERS})
