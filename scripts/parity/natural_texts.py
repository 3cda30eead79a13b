"""Text that people wrote, in hundreds of languages; fetched once as packages where the environment does not hold it."""

from __future__ import annotations

import ast
import functools
import hashlib
import html.parser
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from examples import assets

DJANGO = assets.Package("django==5.2.19", "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00")
GUIDE = assets.Package(
    "installation-guide-amd64=20230508+deb12u1", "812c43e1dc906daf671e3efe953dc023205c238e5bd5a3021ce4ca142793573a"
)
BLOCKS = {"p", "li", "dt", "dd", "td", "th", "pre", "title", "h1", "h2", "h3", "h4", "div", "tr"}


def docstrings() -> list[str]:
    """Return the paragraphs of the docstrings of the standard library, read from its source."""
    folder = Path(ast.__file__).parent
    files = [path for path in folder.rglob("*.py") if not {"site-packages", "test", "tests"} & set(path.parts)]
    paragraphs: set[str] = set()
    for path in files:
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):  # files of the library's own tests of syntax errors
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                paragraphs.update(re.split(r"\n\s*\n", ast.get_docstring(node) or ""))
    return sorted(paragraphs)


def locales() -> list[str]:
    """Return all texts and patterns of the locale data of all languages that Babel ships."""
    from babel import localedata

    texts: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, str):
            texts.add(value)
        elif isinstance(value, dict):
            for item in value.values():
                collect(item)
        elif isinstance(value, list | tuple):
            for item in value:
                collect(item)
        elif isinstance(pattern := getattr(value, "pattern", None), str):
            texts.add(pattern)

    for identifier in localedata.locale_identifiers():
        collect(localedata.load(identifier, merge_inherited=False))
    return sorted(texts)


def translations() -> list[str]:
    """Return the translated messages of all languages that Django ships."""

    def unpack(archive: Path, folder: Path) -> None:
        texts: set[str] = set()
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if name.endswith(".po"):
                    texts.update(_messages(wheel.read(name).decode("utf-8")))
        _write(folder / "texts", sorted(texts))

    return _read(assets.unpacked("django-translations", DJANGO, unpack) / "texts")


def _messages(catalogue: str) -> list[str]:
    """Return the translations in the text of a .po file."""
    entries = re.findall(r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', catalogue, re.MULTILINE)
    return ["".join(ast.literal_eval(line) for line in entry.splitlines()) for entry in entries]


@functools.cache
def guide_is_there() -> bool:
    """Say whether Debian's installation guide lies in the cache or can be fetched with Debian's own client."""
    folder = assets.CACHE / "debian-installation-guide"
    if folder.is_dir():
        return True
    if shutil.which("apt-get") is None:
        return False
    assets.CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=assets.CACHE) as scratch:
        command = ["apt-get", "download", "-qq", GUIDE.requirement]
        if subprocess.run(command, cwd=scratch, capture_output=True).returncode != 0:
            return False
        archive = next(Path(scratch).glob("*.deb")).read_bytes()
        if hashlib.sha256(archive).hexdigest() != GUIDE.sha256:
            print(f"{GUIDE.requirement}: not the file that was expected, not used.", file=sys.stderr)
            return False
        contents = Path(scratch) / "contents"
        contents.mkdir()
        _write(contents / "texts", _pages(archive))
        try:
            contents.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return True


def guide() -> list[str]:
    """Return the paragraphs of Debian's installation guide in its 19 languages; none where it cannot be had."""
    return _read(assets.CACHE / "debian-installation-guide" / "texts") if guide_is_there() else []


def _pages(package: bytes) -> list[str]:
    """Return the paragraphs of all HTML pages in a Debian package."""
    paragraphs: set[str] = set()
    with tarfile.open(fileobj=io.BytesIO(_member(package, b"data.tar"))) as files:
        for file in files:
            if file.isfile() and file.name.endswith(".html"):
                page = _Paragraphs()
                page.feed(files.extractfile(file).read().decode("utf-8"))
                paragraphs.update(page.finished())
    return sorted(paragraphs)


def _member(archive: bytes, prefix: bytes) -> bytes:
    """Return the first file of an `ar` archive whose name starts so."""
    position = 8
    while position < len(archive):
        name, size = archive[position : position + 16], int(archive[position + 48 : position + 58])
        if name.startswith(prefix):
            return archive[position + 60 : position + 60 + size]
        position += 60 + size + size % 2
    raise ValueError(f"The package holds no {prefix.decode()}.")


class _Paragraphs(html.parser.HTMLParser):
    """Collects the text of a page, cut where a block starts or ends."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self.current: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in BLOCKS:
            self._cut()

    def handle_endtag(self, tag):
        if tag in BLOCKS:
            self._cut()

    def handle_data(self, data):
        self.current.append(data)

    def _cut(self) -> None:
        if text := "".join(self.current).strip():
            self.found.append(text)
        self.current = []

    def finished(self) -> list[str]:
        """Return the paragraphs, after the whole page was fed."""
        self._cut()
        return self.found


def _write(path: Path, texts: list[str]) -> None:
    path.write_bytes("\0".join(texts).encode())


def _read(path: Path) -> list[str]:
    return path.read_bytes().decode().split("\0")
