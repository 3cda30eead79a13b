"""Serve exported models over TF Serving's REST and gRPC API, with a page to try them at /.

Example:
  tfbert serve saved_models/sentiment/1
  curl -d '{"instances": ["What a lovely day"]}' http://127.0.0.1:8501/v1/models/sentiment:predict
  tfbert serve bundle --host 0.0.0.0 --token-file token.txt --tls-cert cert.pem --tls-key key.pem
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import ipaddress
import json
import os
import sys
from pathlib import Path
from typing import Any

from tfbert.cli.text_rows import UsageError
from tfbert.export.loaded_model import check_threads
from tfbert.serving.models.model_settings import find_models
from tfbert.serving.server_options import ServerOptions

NONE = "none"
# Flags of options that are plain numbers: their metavar and what they mean.
NUMBERS = {
    "max_batch_size": ("N", "most rows that the model sees at once"),
    "batch_wait_micros": ("N", "microseconds that a batch which is not full waits for more"),
    "max_queued_rows": ("N", "rows that may wait for a signature; further requests are refused at once"),
    "workers": ("N", "batches that run at a time"),
    "request_timeout": ("SECONDS", "until a request is given up"),
    "max_request_bytes": ("N", "largest request"),
    "max_text_bytes": ("N", "longest text"),
    "max_rows": ("N", "most rows of a request"),
    "max_answer_bytes": ("N", "largest answer"),
    "max_connections": ("N", "REST connections at a time"),
    "max_streams": ("N", "gRPC requests of one connection at a time"),
    "body_timeout": ("SECONDS", "in which a REST request must have come in"),
    "poll_seconds": ("SECONDS", "between looks for new versions"),
    "drain_seconds": ("SECONDS", "that accepted requests may take once the server shall stop"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    defaults = {field.name: field.default for field in dataclasses.fields(ServerOptions)}
    parser.add_argument("model", metavar="DIR", help="SavedModel, folder of its versions, or serving bundle")
    parser.add_argument("--host", default=defaults["host"], help="address to listen on (default: %(default)s)")
    for name in ("rest", "grpc"):
        parser.add_argument(
            f"--{name}-port",
            type=_port,
            default=defaults[f"{name}_port"],
            metavar="N",
            help="0 is a free one, none is none (default: %(default)s)",
        )
    parser.add_argument("--name", help="what a single model is called (default: its folder's name)")
    for name, (metavar, text) in NUMBERS.items():
        kind = type(defaults[name])
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=kind,
            default=defaults[name],
            metavar=metavar,
            help=f"{text} (default: %(default)s)",
        )
    parser.add_argument("--no-batching", action="store_true", help="answer each request by itself")
    parser.add_argument("--threads", type=int, metavar="N", help="threads of TensorFlow (default: one for each core)")
    parser.add_argument("--tls-cert", metavar="FILE", help="certificate, PEM, for both ports")
    parser.add_argument("--tls-key", metavar="FILE", help="its key, PEM")
    parser.add_argument("--token-file", metavar="FILE", help="file with the token that requests must bear")
    parser.add_argument("--log-requests", action="store_true", help="log every request, not only those that fail")
    parser.add_argument("--quiet", action="store_true", help="log failures of the server alone")


def run(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT; print one line of JSON with the addresses once requests are taken."""
    given: dict[str, Any] = {name: getattr(options, name) for name in NUMBERS}
    given |= {name: getattr(options, name) for name in ("host", "rest_port", "grpc_port", "name", "token_file")}
    try:
        check_threads(options.threads)
        chosen = ServerOptions(
            **given,
            batching=not options.no_batching,
            tls_certificate=options.tls_cert,
            tls_key=options.tls_key,
            log_requests=options.log_requests,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    if chosen.token_file is None and not _is_of_this_machine(chosen.host):
        print(f"tfbert: everyone who reaches {chosen.host} can ask: consider --token-file.", file=sys.stderr)
    find_models(Path(options.model), chosen.name)  # whose errors need not wait for TensorFlow
    _set_threads(options.threads)
    from tfbert.serving.request_log import RequestLog
    from tfbert.serving.server import Server

    server = Server(options.model, chosen, RequestLog(chosen.log_requests, options.quiet))
    gc.collect()
    gc.freeze()  # TensorFlow's own objects need not be looked through whenever a version goes
    server.run(_print_addresses)
    if server.is_loading:
        sys.stderr.flush()
        os._exit(0)  # a plain exit waits for the thread that loads


def _print_addresses(server: Any) -> None:
    line = {"rest": server.rest_url or None, "grpc": server.grpc_address or None, "models": server.models}
    print(json.dumps(line), flush=True)


def _set_threads(threads: int | None) -> None:
    import tensorflow as tf

    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)


def _port(text: str) -> int | None:
    if text == NONE:
        return None
    return int(text)


def _is_of_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
