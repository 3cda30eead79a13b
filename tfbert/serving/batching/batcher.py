"""Batcher: the queue of one signature, from which free workers take what is waiting."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from tfbert.export.answer_rows import AnswerRows
from tfbert.serving.batching.answer_batch import Run, answer_batch
from tfbert.serving.batching.job import Arrays, Job
from tfbert.wire.status import ServingError, Status


@dataclasses.dataclass(frozen=True)
class BatchLimits:
    """Limits of a queue.

    Args:
        max_batch_size: int or None. The most rows of a batch; None answers each request by itself.
        max_queued_rows: int. Rows that may wait.
        wait: float. Seconds that a batch which is not full waits for more.
        workers: int. Batches that run at a time.
    """

    max_batch_size: int | None = 64
    max_queued_rows: int = 1024
    wait: float = 0.0
    workers: int = 2


class Batcher:
    """The requests to one signature: whenever a worker is free, it takes what is waiting, up to a number of rows.

    All methods are called on the event loop; the model runs on the threads of the executor.

    Args:
        run: The model, from arrays to arrays.
        executor: `concurrent.futures.Executor` of the workers.
        limits: `BatchLimits`.
        cut: Takes padding off the answers to one request.
        observe: Called with the rows of each batch and the seconds that its jobs waited.
    """

    def __init__(
        self,
        run: Run,
        executor: Executor,
        limits: BatchLimits,
        cut: Run = lambda outputs: outputs,
        observe: Callable[[int, list[float]], None] = lambda rows, waits: None,
    ):
        self._run, self._cut, self._executor, self._limits, self._observe = run, cut, executor, limits, observe
        self._waiting: OrderedDict[Job, None] = OrderedDict()
        self._running = 0
        self._timer: asyncio.Handle | None = None
        self.queued_rows = 0

    async def answer(self, inputs: Arrays, rows: int, group: Any, deadline: float) -> Arrays:
        """Answer a request.

        Args:
            inputs: dict of arrays with `rows` rows.
            rows: int.
            group: Any. Only requests of equal groups are answered together.
            deadline: float. When it is given up, by the clock of the event loop.

        Returns:
            A dict of arrays.

        Raises:
            ServingError: RESOURCE_EXHAUSTED where too many rows wait, DEADLINE_EXCEEDED where it took too long.
            Exception: What the model raised.
        """
        if self.queued_rows and self.queued_rows + rows > self._limits.max_queued_rows:
            raise ServingError(
                Status.RESOURCE_EXHAUSTED,
                f"The server is busy: {self.queued_rows} rows wait, at most {self._limits.max_queued_rows} may. "
                "Send the request again later.",
                retry_after=1.0,
            )
        job = Job(inputs, rows, group, asyncio.get_running_loop().create_future(), 0.0)
        size = self._limits.max_batch_size
        if size is None or rows <= size:
            parts = [job]
        else:
            starts = range(0, rows, size)
            parts = [self._part(job, slice(start, min(start + size, rows))) for start in starts]
        try:
            for part in parts:
                self._put(part, deadline)
            answers = [await part.answer for part in parts]
        finally:
            for part in parts:
                self._drop(part)
        return answers[0] if len(answers) == 1 else _joined(answers)

    @property
    def _is_full(self) -> bool:
        """Whether a batch need not wait for more rows."""
        return self.queued_rows >= (self._limits.max_batch_size or 1)

    def _part(self, job: Job, rows: slice) -> Job:
        future = asyncio.get_running_loop().create_future()
        return Job(job.part(rows), rows.stop - rows.start, job.group, future, 0.0)

    def _put(self, job: Job, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        job.came = loop.time()
        job.expiry = loop.call_at(deadline, self._expire, job)
        self._waiting[job] = None
        self.queued_rows += job.rows
        if self._timer is not None and self._is_full:
            self._timer.cancel()
            self._timer = None
        if self._running < self._limits.workers and self._timer is None:
            self._timer = loop.call_soon(self._start)  # after all requests that came with this one

    def _expire(self, job: Job) -> None:
        if not job.answer.done():
            job.answer.set_exception(
                ServingError(Status.DEADLINE_EXCEEDED, "The deadline passed before the request was answered.")
            )
        self._drop(job)

    def _drop(self, job: Job) -> None:
        """Forget a job; one that runs already is not waited for."""
        if job.expiry is not None:
            job.expiry.cancel()
        if job in self._waiting:
            del self._waiting[job]
            self.queued_rows -= job.rows
        if not job.answer.done():
            job.answer.cancel()
        elif not job.answer.cancelled():
            job.answer.exception()  # seen, where another part failed first

    def _start(self) -> None:
        """Give batches to workers that are free."""
        self._timer = None
        loop = asyncio.get_running_loop()
        while self._waiting and self._running < self._limits.workers:
            now = loop.time()
            due = next(iter(self._waiting)).came + self._limits.wait
            if now < due and not self._is_full:
                self._timer = loop.call_at(due, self._start)
                return
            batch = self._take()
            self._running += 1
            self._observe(sum(job.rows for job in batch), [now - job.came for job in batch])
            done = loop.run_in_executor(self._executor, answer_batch, self._run, batch, self._cut)
            done.add_done_callback(functools.partial(self._finish, batch))

    def _take(self) -> list[Job]:
        """Take the oldest job, and those after it of its group that fit into the batch."""
        first = next(iter(self._waiting))
        batch, rows = [first], first.rows
        most = self._limits.max_batch_size or 0
        for job in self._waiting:
            if job is not first and job.group == first.group:
                if rows + job.rows > most:
                    break
                batch.append(job)
                rows += job.rows
        for job in batch:
            del self._waiting[job]
        self.queued_rows -= rows
        return batch

    def _finish(self, batch: list[Job], answers: asyncio.Future) -> None:
        self._running -= 1
        for job, answer in zip(batch, answers.result()):
            if job.answer.done():
                continue
            if isinstance(answer, Exception):
                job.answer.set_exception(answer)
            else:
                job.answer.set_result(answer)
        self._start()


def _joined(answers: list[Arrays]) -> Arrays:
    """The answers to the parts of a request, padded to the widest."""
    joined = AnswerRows()
    for answer in answers:
        joined.put(answer)
    return joined.arrays()
