"""Server: models behind TF Serving's REST and gRPC API, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.optional import import_optional
from tfbert.serving.access import Access
from tfbert.serving.answering import Answering
from tfbert.serving.asked import Recorder
from tfbert.serving.batching.batcher import Batcher, BatchLimits
from tfbert.serving.batching.workers import Workers
from tfbert.serving.listening import bracketed, check_certificate
from tfbert.serving.metrics import Metrics
from tfbert.serving.models.model_store import ModelStore
from tfbert.serving.models.model_version import ModelVersion
from tfbert.serving.models.served_signature import ServedSignature
from tfbert.serving.request_log import RequestLog
from tfbert.serving.rest.app import make_app
from tfbert.serving.rest.rest_server import RestServer
from tfbert.serving.rpc.rpc_server import RpcServer
from tfbert.serving.server_options import ServerOptions

READY_SECONDS = 0.2  # between looks at whether every model is there


class Server:
    """Serves a SavedModel, a folder of its versions or a bundle, as TF Serving does.

    Args:
        path: Path of what to serve; see `find_models`.
        options: `ServerOptions`, default as they are.
        log: `RequestLog` or None. None is one on stderr.

    Attributes:
        rest_url: str. The address of the REST API, such as "http://127.0.0.1:8501", once it is started; "" for none.
        grpc_address: str. That of gRPC, such as "127.0.0.1:8500"; "" for none.

    Raises:
        ImportError: If the extra `serving` is not installed.
        ValueError: If the token file, or the certificate or its key, is wrong.

    Example:
        >>> from tfbert.serving import Server
        >>> Server("saved_models/sentiment/1").run()  # doctest: +SKIP

    Source: TF Serving's REST and gRPC API; see the README for what differs.
    """

    def __init__(self, path: str | PathLike, options: ServerOptions | None = None, log: RequestLog | None = None):
        self.options = options or ServerOptions()
        if self.options.tls_certificate is not None and self.options.tls_key is not None:
            check_certificate(self.options.tls_certificate, self.options.tls_key)
        self._recorder = Recorder(Metrics(), log or RequestLog(self.options.log_requests))
        self._access = Access(self.options.token_file)
        self._workers = Workers(self.options.workers)
        self._store = ModelStore(
            Path(path),
            self._make_batcher,
            self._recorder.event,
            self._recorder.metrics.forget,
            self.options.name,
            self.options.poll_seconds,
        )
        self._answering = Answering(self._store, self.options)
        self._rest: RestServer | None = None
        self._rpc: RpcServer | None = None
        self._tasks: list[asyncio.Task] = []
        self.rest_url = self.grpc_address = ""

    @property
    def models(self) -> list[str]:
        """The names of the models that are served."""
        return sorted(self._store.models)

    @property
    def is_loading(self) -> bool:
        """Whether a version is being loaded, which a server that stopped does not wait for."""
        return self._store.is_busy

    def _make_batcher(self, version: ModelVersion, signature: ServedSignature, cut: Any) -> Batcher:
        options, metrics = self.options, self._recorder.metrics
        is_batched = options.batching and signature.is_batch_major
        limits = BatchLimits(
            options.max_batch_size if is_batched else None,
            options.max_queued_rows,
            options.batch_wait_micros / 1e6 if is_batched else 0.0,
            options.max_answer_bytes,
        )
        asked = (version.name, version.number, signature.name)
        return Batcher(signature, self._workers, limits, cut, metrics.batch(*asked))

    async def start(self) -> None:
        """Load what is there, and listen.

        Raises:
            FileNotFoundError, ValueError: If there is nothing to serve.
            OSError: If a port is taken.
        """
        await self._store.start()
        await self._listen()

    async def _listen(self) -> None:
        options, scheme = self.options, "http" if self.options.tls_certificate is None else "https"
        host = bracketed(options.host)
        if options.grpc_port is not None:
            self._rpc = RpcServer(self._answering, self._access, self._recorder, options)
            await self._rpc.start()
            self.grpc_address = f"{host}:{self._rpc.port}"
        if options.rest_port is not None:
            app = make_app(self._answering, self._access, self._recorder, options)
            self._rest = RestServer(app, options)
            await self._rest.start()
            self.rest_url = f"{scheme}://{host}:{self._rest.port}"
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._store.watch()), loop.create_task(self._tell_health())]
        self._recorder.event("ready", rest=self.rest_url, grpc=self.grpc_address, models=self.models)

    async def _tell_health(self) -> None:
        while self._rpc is not None:
            await self._rpc.set_ready(self._store.is_ready and not self._answering.is_draining)
            await asyncio.sleep(READY_SECONDS)

    async def stop(self, seconds: float | None = None) -> None:
        """Take no more requests, answer those that were accepted, and stop.

        Args:
            seconds: float or None. What they may take; None is `drain_seconds`.
        """
        seconds = self.options.drain_seconds if seconds is None else seconds
        self._answering.is_draining = True
        self._recorder.event("draining", seconds=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._rpc is not None:
            await self._rpc.set_ready(False)
        servers = [server for server in (self._rest, self._rpc) if server is not None]
        await asyncio.gather(*(server.stop(seconds) for server in servers))
        await self._store.close()
        self._workers.shutdown()
        self._recorder.event("stopped")

    def run(self, ready: Callable[[Server], None] = lambda server: None) -> None:
        """Serve until SIGTERM or SIGINT comes; a second one ends at once.

        Args:
            ready: Called with this server once it listens.
        """
        import_optional("uvloop").run(self._until_signal(ready))

    async def _until_signal(self, ready: Callable[[Server], None]) -> None:
        loop, signalled = asyncio.get_running_loop(), asyncio.Event()

        def end() -> None:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)  # the next one ends the process
            signalled.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        loading, ended = loop.create_task(self._store.start()), loop.create_task(signalled.wait())
        try:
            await asyncio.wait([loading, ended], return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                loading.result()  # raises what went wrong
                await self._listen()
                ready(self)
                await ended
        finally:
            for task in (loading, ended):
                task.cancel()
            await asyncio.gather(loading, ended, return_exceptions=True)
            await self.stop()

    @contextlib.contextmanager
    def in_thread(self) -> Iterator[Server]:
        """Serve in a thread of this process while the block runs.

        Yields:
            This server.
        """
        loop = import_optional("uvloop").new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="tfbert-serve", daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(), loop).result()
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
