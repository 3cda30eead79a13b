"""The static files of the page, without a browser."""

import re
from pathlib import Path

import pytest

import tfbert.serving.page
from tfbert.serving.page.page_files import HEADERS, TYPES, page_file

FOLDER = Path(tfbert.serving.page.__file__).parent
UNSAFE = (
    *("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc", "DOMParser"),
    *("localStorage", "sessionStorage", "document.cookie", "javascript:", "setTimeout(", "style=", "onclick"),
)


def test_every_file_is_served_and_no_other():
    assert {path.name for path in FOLDER.iterdir() if path.suffix in (".html", ".css", ".js", ".svg")} == set(TYPES)
    assert page_file("/").body == (FOLDER / "index.html").read_bytes()
    for name, kind in TYPES.items():
        assert page_file(f"/page/{name}").headers["Content-Type"] == kind
    for path in ("/page/", "/page/page_files.py", "/page/../server.py", "/page//etc/passwd", "/index.html", ""):
        assert page_file(path) is None


@pytest.mark.parametrize("name", TYPES)
def test_files_hold_nothing_that_makes_html_of_text_or_loads_from_elsewhere(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert [word for word in UNSAFE if word in text] == []
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w[^\s\"']*", text)) - {"http://www.w3.org/2000/svg"}
    assert addresses == set()
    assert len(text.splitlines()) < 250


def test_what_the_page_refers_to_is_served():
    for name in TYPES:
        text = (FOLDER / name).read_text(encoding="utf-8")
        referred = re.findall(r'(?:src|href)="([^"]+)"', text)
        imported = [f"/page/{module}" for module in re.findall(r'from "\./([^"]+)"', text)]
        assert [path for path in referred + imported if page_file(path) is None] == []


def test_ids_of_the_script_are_those_of_the_page():
    html = (FOLDER / "index.html").read_text(encoding="utf-8")
    script = (FOLDER / "page.js").read_text(encoding="utf-8")
    listed = re.search(r"\[([^\]]+)\]\.map\(byId\)", script).group(1)
    asked = set(re.findall(r'byId\("([\w-]+)"\)', script)) | set(re.findall(r'"([\w-]+)"', listed))
    assert asked <= set(re.findall(r'id="([\w-]+)"', html))
    assert {"access", "ask", "answer", "model"} <= asked


def test_the_policy_allows_the_server_itself_only():
    rules = dict(rule.strip().split(" ", 1) for rule in HEADERS["Content-Security-Policy"].split(";"))
    assert rules.pop("default-src") == "'none'"
    assert {name for name, value in rules.items() if value == "'self'"} == {
        *("script-src", "style-src", "connect-src", "img-src")
    }
    assert not any(word in HEADERS["Content-Security-Policy"] for word in ("unsafe", "*", "http", "data:"))
    assert (HEADERS["X-Content-Type-Options"], HEADERS["Referrer-Policy"]) == ("nosniff", "no-referrer")


def luminance(color):
    """How light a color is, as the Web Content Accessibility Guidelines count it."""
    digits = color if len(color) == 6 else "".join(digit * 2 for digit in color)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


MARKS = [pair for place in range(6) for pair in (("ink", f"mark-{place}"), (f"label-{place}", f"mark-{place}"))]
TEXTS = [("ink", "ground"), ("ink", "card"), ("faint", "ground"), ("faint", "card"), ("problem", "problem-ground")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(scheme):
    light, dark = (FOLDER / "page.css").read_text(encoding="utf-8").split("@media (prefers-color-scheme: dark)")
    colors = dict(re.findall(r"--([\w-]+): #(\w+)", light if scheme == "light" else dark))
    for text, behind in [*TEXTS, ("accent-ink", "accent"), *MARKS]:
        darker, lighter = sorted([luminance(colors[text]), luminance(colors[behind])])
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, behind)
