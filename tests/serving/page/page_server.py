"""A server of the page with answers that a test gives, so that they may be hostile."""

import json
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from tests.serving.client.peers import running_http
from tfbert.serving.page.page_files import page_file


class Served:
    """A model of the stub.

    Args:
        task: str.
        inputs: list of str.
        answer: The row that it answers with; or a function of the row that is asked, which may return a status too.
        name: str.
    """

    def __init__(self, task, inputs, answer, name="tiny"):
        self.task, self.inputs, self.answer, self.name = task, inputs, answer, name


@contextmanager
def page_server(*models, token=None, delay=0.0):
    """Serve the page for models; yields the address and the list of rows that were asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):  # http.server's name
            found = page_file(self.path)
            if found is not None:
                self.send(200, found.body, found.headers)
            elif token is not None and self.headers["Authorization"] != f"Bearer {token}":
                self.send_json(401, {"error": "A token is needed."})
            elif self.path == "/v1/models":
                listed = [{"name": model.name, "task": model.task, "inputs": model.inputs} for model in models]
                self.send_json(200, {"models": listed})
            else:
                self.send_json(404, {"error": "Not found."})

        def do_POST(self):
            rows = json.loads(self.rfile.read(int(self.headers["content-length"])))["instances"]
            asked.append(rows)
            time.sleep(delay)
            model = next(model for model in models if unquote(self.path) == f"/v1/models/{model.name}:predict")
            answers = [model.answer(row) if callable(model.answer) else model.answer for row in rows]
            if isinstance(answers[0], tuple):
                self.send_json(*answers[0])
            else:
                self.send_json(200, {"predictions": answers})

        def send_json(self, status, document):
            self.send(status, json.dumps(document).encode(), {"Content-Type": "application/json"})

        def send(self, status, body, headers):
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            """Print nothing."""

    with running_http(Handler) as address:
        yield address, asked
