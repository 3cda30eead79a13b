"""The page of our own server in headless Chromium: what it shows is what the client gets."""

import pytest
import urllib3
from playwright.sync_api import expect

from tests.serving.conftest import ROWS
from tfbert.serving import Client, Server, ServerOptions
from tfbert.serving.page.page_files import TYPES, page_file

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(exported, tmp_path_factory):
    """A server of one model of each task, called as the task's class is."""
    folder = tmp_path_factory.mktemp("models")
    for name in ROWS:
        (folder / name).symlink_to(exported(name).parent, target_is_directory=True)
    token = folder.parent / "token"
    token.write_text("a-token-of-the-test")
    with Server(folder, ServerOptions(rest_port=0, grpc_port=None, token_file=token)).in_thread() as server:
        yield server


def percent(score):
    return f"{100 * score:.1f} %"


def shown(task, answer):
    """What the page must show of the client's answers to one row."""
    if task == "TextClassifier":
        return [answer["label"][0], percent(answer["score"][0])]
    if task == "TokenClassifier":
        return [*answer["word"][0], *answer["entity"][0]]
    if task == "QuestionAnswerer":
        return [answer["answer"][0][0] or "The context does not say.", percent(answer["score"][0][0])]
    if task == "MaskFiller":
        return [answer["token_str"][0][0][0], percent(answer["score"][0][0][0]), answer["sequence"][0][0][0]]
    if task == "FeatureExtractor":
        return [f"{answer['attention_mask'].sum()} tokens, 32 numbers each"]
    if task == "TextEmbedder":
        return [str(answer["embedding"].shape[1]), f"{answer['embedding'][0][0]:.3f}"]
    if task == "NextSentencePredictor":
        return [answer["label"][0], percent(answer["score"][0])]
    if task == "ChoiceSelector":
        return [answer["choice"][0], percent(answer["scores"][0].max())]
    if task == "ZeroShotClassifier":
        return [answer["labels"][0][0], percent(answer["scores"][0][0])]
    return [answer["generated_text"][0]]


@pytest.mark.parametrize("name", ROWS)
def test_the_page_shows_what_the_client_gets(opened, server, name):
    page = opened(server.rest_url)
    page.fill("#token", "a-token-of-the-test")
    page.keyboard.press("Enter")
    page.select_option("#model", label=name)
    row = {column: values[0] for column, values in ROWS[name].inputs.items()}
    for place, values in enumerate(row.values()):
        page.fill(f"#field-{place}", "\n".join(values) if isinstance(values, list) else values)
    page.click("#ask button")
    with Client(server.rest_url, model=name, token="a-token-of-the-test") as client:
        answer = client.predict({column: [values] for column, values in row.items()})
    expect(page.locator("#answer")).to_be_visible()
    content = page.text_content("#answer")
    assert [part for part in shown(name, answer) if part not in content] == []


@pytest.mark.parametrize("path", ["/", *(f"/page/{name}" for name in TYPES)])
def test_everyone_gets_the_page_with_its_policy(server, path):
    response = urllib3.request("GET", server.rest_url + path)
    assert response.status == 200
    assert response.data == page_file(path).body
    assert {name: response.headers[name] for name in page_file(path).headers} == page_file(path).headers


def test_without_the_token_models_are_not_listed(server):
    assert urllib3.request("GET", f"{server.rest_url}/v1/models").status == 401
