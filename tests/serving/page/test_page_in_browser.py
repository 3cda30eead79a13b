"""The page in headless Chromium: answers of every task, the keyboard alone, hostile strings, light and dark."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.serving.page.page_server import Served, page_server

pytestmark = pytest.mark.slow
OUTPUTS = Path(__file__).parents[3] / "outputs" / "page"
CLASSES = Served(
    "text-classification",
    ["text"],
    {
        "label": "positive",
        "score": 0.97,
        "labels": ["positive", "neutral", "negative"],
        "scores": [0.97, 0.02, 0.01],
    },
    name="sentiment",
)


def places(text, *words):
    """Where words stand in a text, in bytes."""
    starts = [len(text[: text.index(word)].encode()) for word in words]
    return starts, [start + len(word.encode()) for start, word in zip(starts, words)]


def entities(row):
    words = [word for word in ("Anna Müller", "北京", "Zürich", "👩🏽‍🚀", "é") if word in row["text"]]
    start, end = places(row["text"], *words)
    kinds = ["PER", "LOC", "LOC", "MISC", "ORG"][: len(words)]
    scores = [0.99, 0.97, 0.95, 0.5, 0.4][: len(words)]
    return {"entity": kinds, "word": words, "start": start, "end": end, "score": scores, "length": len(words)}


def answers(row):
    words = ["1832", "in March 1832"]
    start, end = places(row["context"], *words)
    return {"answer": words, "start": start, "end": end, "score": [0.81, 0.12], "length": 2}


ENTITIES = Served("token-classification", ["text"], entities, name="entities")
ANSWERS = Served("question-answering", ["question", "context"], answers, name="answers")
FAUST = "Goethe — poet 😀 — finished Faust shortly before he died in March 1832, aged 82."


def answer_of(page):
    page.wait_for_selector("#answer:not([hidden])[aria-busy=false]")
    return page.inner_text("#answer")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        (CLASSES, ["What a lovely day in the mountains!"], "positive 97.0 %"),
        (ENTITIES, ["Anna Müller 👩🏽‍🚀 flew from Zürich to 北京."], "Anna Müller"),
        (ANSWERS, ["When did Goethe die?", FAUST], "1832 81.0 %"),
    ],
    ids=["classes", "entities", "answers"],
)
def test_screenshots(opened, model, values, expected, scheme):
    with page_server(model) as (address, _):
        page = opened(address, color_scheme=scheme)
        for place, value in enumerate(values):
            page.fill(f"#field-{place}", value)
        page.click("#ask button")
        assert expected in answer_of(page)
        OUTPUTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=OUTPUTS / f"{model.name}_{scheme}.png", full_page=True)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(18, 21, 28)") == (scheme == "dark")


def test_places_in_bytes_are_marked_rightly(opened):
    text = "é👩🏽‍🚀\ufeff Anna Müller \u0301 flew\nto 北京."
    with page_server(ENTITIES) as (address, asked):
        page = opened(address)
        page.fill("#field-0", text)
        page.click("#ask button")
        answer_of(page)
        assert asked[-1] == [{"text": text}]
        assert page.locator("#answer mark bdi").all_text_contents() == ["é", "👩🏽‍🚀", "Anna Müller", "北京"]
        labels = page.locator("#answer mark .label").all_text_contents()
        shown = page.locator("#answer .text").text_content()
        for label in labels:
            shown = shown.replace(label, "", 1)
        assert shown == text


def test_the_keyboard_alone_is_enough(opened):
    with page_server(ANSWERS, CLASSES) as (address, asked):
        page = opened(address)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "model"
        page.keyboard.press("s")  # sentiment
        assert page.input_value("#model") == "1"
        assert "sentiment" in page.inner_text("#about")
        page.keyboard.press("Tab")
        page.keyboard.type("A line\nand another")
        page.keyboard.press("Control+Enter")
        assert "positive" in answer_of(page)
        assert asked == [[{"text": "A line\nand another"}]]
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Answer"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "the focus is seen"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("a")
        page.keyboard.press("Tab")
        page.keyboard.type("When did Goethe die?")
        page.keyboard.press("Tab")
        page.keyboard.insert_text(FAUST)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")  # of a single line
        assert "1832" in answer_of(page)
        assert page.locator("#answer mark bdi").all_text_contents() == ["1832"]
        assert len(asked) == 2


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</textarea><svg/onload=alert(1)>",
    "\u202eabc\u2066 עברית <b>fett</b> \u200f",
    "a\x00b & &lt; &#60; \ufffe",
    "javascript:alert(1) '\"`${alert(1)}",
    "<x>" * 3334,
]


def hostile_models(text):
    """A model of each task with the text wherever an answer has one, and one that only says what is wrong."""
    scores = {"score": [0.9, 0.1], "length": 2}
    places = {"start": [0, 0], "end": [len(text.encode()), 1]}
    classes = {"label": text, "score": 0.9, "labels": [text, "b"], "scores": [0.9, 0.1]}
    filled = {
        "token_str": [[text, "b"]],
        "token": [[1, 2]],
        "sequence": [[text] * 2],
        "score": [[0.9, 0.1]],
        "length": 1,
    }
    rows = [
        ("text-classification", ["text"], classes),
        ("token-classification", ["text"], {"entity": [text, "b"], "word": [text, "b"], **places, **scores}),
        ("question-answering", ["question", "context"], {"answer": [text, "b"], **places, **scores}),
        ("fill-mask", ["text"], filled),
        ("multiple-choice", ["text", "choices"], {"choice": text, "index": 0, "scores": [1.0]}),
        ("zero-shot-classification", ["text", "candidate_labels"], {"labels": [text], "scores": [1.0], "length": 1}),
        ("text-generation", ["text"], text),
        ("next-sentence-prediction", ["text", "text_pair"], {"label": text, "score": 0.5}),
        (None, ["text"], {text: text}),
        ("text-classification", ["text"], lambda row: (400, {"error": text})),
    ]
    return [Served(*row, name=f"{text[:40]} {place}") for place, row in enumerate(rows)]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_strings_stay_text(opened, text):
    models = hostile_models(text)
    with page_server(*models) as (address, asked):
        page = opened(address)
        for place, model in enumerate(models):
            page.select_option("#model", str(place))
            for field in range(len(model.inputs)):
                page.evaluate("([id, text]) => { document.getElementById(id).value = text }", [f"field-{field}", text])
            page.click("#ask button")
            page.wait_for_selector("#answer:not([hidden]), #problem:not([hidden])")
            assert len(asked) == place + 1
            shown = page.text_content("main")
            assert text.replace("\x00", "")[:1000] in shown.replace("\x00", "")
            tags = set(
                page.evaluate("[...document.querySelectorAll('main *, header p *')].map((one) => one.localName)")
            )
            assert tags <= OWN_TAGS


OWN_TAGS = {
    *("form", "label", "p", "div", "input", "button", "select", "option", "textarea", "kbd", "section", "noscript"),
    *("ul", "li", "bdi", "span", "mark", "table", "thead", "tbody", "tr", "th", "td", "h2"),
}


def test_a_token_is_asked_for_and_kept_in_memory(opened):
    with page_server(CLASSES, token="se cret") as (address, _):
        page = opened(address)
        assert page.is_visible("#access")
        assert not page.is_visible("#ask")
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#problem:not([hidden])")
        page.keyboard.type("se cret")
        page.keyboard.press("Enter")
        page.fill("#field-0", "hello")
        page.click("#ask button")
        assert "positive" in answer_of(page)
        kept = page.evaluate("[document.cookie, Object.keys(localStorage).length, Object.keys(sessionStorage).length]")
        assert kept == ["", 0, 0]


def test_errors_are_said_and_the_next_answer_comes(opened):
    fails = [(429, {"error": "The queue is full."}), (500, {})]
    model = Served("text-generation", ["text"], lambda row: fails.pop(0) if fails else "and so on")
    with page_server(model) as (address, _):
        page = opened(address)
        page.fill("#field-0", "Once")
        for said in ("The queue is full.", "The server answered with status 500."):
            page.click("#ask button")
            expect(page.locator("#problem")).to_have_text(said)
            assert not page.is_visible("#answer")
        page.click("#ask button")
        assert answer_of(page) == "and so on"
        assert not page.is_visible("#problem")
        page.route("**/*:predict", lambda route: route.abort())
        page.click("#ask button")
        expect(page.locator("#problem")).to_contain_text("does not answer")


def test_scores_that_are_not_finite_are_told(opened):
    scores = {"label": "Infinity", "score": float("nan"), "labels": ["a"], "scores": [float("inf")]}
    with page_server(Served("text-classification", ["text"], scores)) as (address, _):
        page = opened(address)
        page.fill("#field-0", "Once")
        page.click("#ask button")
        expect(page.locator("#problem")).to_contain_text("not finite, NaN or Infinity")
        assert not page.is_visible("#answer")


def test_a_narrow_window_needs_no_scrolling_to_the_side(opened):
    with page_server(ENTITIES) as (address, _):
        page = opened(address, viewport={"width": 320, "height": 640})
        page.fill("#field-0", "Anna Müller " + "long" * 200)
        page.click("#ask button")
        answer_of(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_only_the_last_of_two_requests_is_shown(opened):
    model = Served("text-generation", ["text"], lambda row: row["text"].upper())
    with page_server(model, delay=0.3) as (address, asked):
        page = opened(address)
        for text in ("first", "second"):
            page.fill("#field-0", text)
            page.click("#ask button")
        expect(page.locator("#answer")).to_have_text("SECOND")
        assert len(asked) == 2
