"""Headless Chromium, whose every complaint fails a test."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

STATUS = "Failed to load resource"  # the browser's own note of a status other than 200


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium")
    assert path is not None, "Chromium is missing: run `make tools`."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """Return a function that opens the page; what the browser complains of fails the test."""
    contexts, complaints = [], []

    def open_page(address, **options):
        context = browser.new_context(**{"viewport": {"width": 900, "height": 760}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: None if STATUS in message.text else complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append("a dialog"), dialog.dismiss()))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective))"
        )
        page.goto(address)
        page.wait_for_selector("form:not([hidden])")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
