"""Batcher: the queue of one signature, from which free workers take what is waiting."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from tfbert.serving.batching.answer_batch import Run, answer_batch
from tfbert.serving.batching.job import Arrays, Job
from tfbert.serving.batching.joined_answers import joined_answers
from tfbert.serving.batching.workers import Workers
from tfbert.wire.status import ServingError, Status


@dataclasses.dataclass(frozen=True)
class BatchLimits:
    """Limits of a queue.

    Args:
        max_batch_size: int or None. The most rows of a batch; None answers each request by itself.
        max_queued_rows: int. Rows that may wait.
        wait: float. Seconds that a batch which is not full waits for more.
        max_answer_bytes: int. What the arrays of an answer may take.

    Rows that hold several texts, or very long ones, count for several.
    """

    max_batch_size: int | None = 64
    max_queued_rows: int = 1024
    wait: float = 0.0
    max_answer_bytes: int = 2**26


class Batcher:
    """The requests to one signature: whenever a worker is free, it takes what is waiting, up to a number of rows.

    All methods are called on the event loop; the model runs on the threads of the workers.

    Args:
        run: The model, from arrays to arrays.
        workers: `Workers`, shared with other queues.
        limits: `BatchLimits`.
        cut: Takes padding off the answers to one request.
        observe: Called with the rows of each batch and the seconds that its jobs waited.
    """

    def __init__(
        self,
        run: Run,
        workers: Workers,
        limits: BatchLimits,
        cut: Run = lambda outputs: outputs,
        observe: Callable[[int, list[float]], None] = lambda rows, waits: None,
    ):
        self._run, self._cut, self._workers, self._limits, self._observe = run, cut, workers, limits, observe
        self._waiting: OrderedDict[Job, None] = OrderedDict()
        self._timer: asyncio.Handle | None = None
        self.queued_rows = 0

    async def answer(self, inputs: Arrays, rows: int, group: Any, deadline: float, each: int = 1) -> Arrays:
        """Answer a request.

        Args:
            inputs: dict of arrays with `rows` rows.
            rows: int.
            group: Any. Only requests of equal groups are answered together.
            deadline: float. When it is given up, by the clock of the event loop.
            each: int, default 1. What a row counts for in the limits, such as its texts.

        Returns:
            A dict of arrays.

        Raises:
            ServingError: RESOURCE_EXHAUSTED where too many rows wait or the answer is too large, DEADLINE_EXCEEDED
            where it took too long.
            Exception: What the model raised.
        """
        if self.queued_rows and self.queued_rows + rows * each > self._limits.max_queued_rows:
            raise ServingError(
                Status.RESOURCE_EXHAUSTED,
                f"The server is busy: {self.queued_rows} rows wait, at most {self._limits.max_queued_rows} may. "
                "Send the request again later.",
                retry_after=1.0,
            )
        parts = self._parts(Job(inputs, rows, group, asyncio.get_running_loop().create_future(), 0.0, each=each))
        answers, left = [], self._limits.max_answer_bytes
        try:
            for part in parts:
                self._put(part, deadline)
            for part in parts:
                answers.append(await part.answer)
                left -= sum(array.nbytes for array in answers[-1].values())
                if left < 0:
                    raise ServingError(
                        Status.RESOURCE_EXHAUSTED,
                        f"The answer is larger than max_answer_bytes, {self._limits.max_answer_bytes}. "
                        "Send the rows in several requests, or start the server with a larger --max-answer-bytes.",
                    )
        finally:
            for part in parts:
                self._drop(part)
        return answers[0] if len(answers) == 1 else joined_answers(answers)

    def _parts(self, job: Job) -> list[Job]:
        """The parts of a job that batches have room for."""
        most = self._limits.max_batch_size
        if most is None or job.load <= most:
            return [job]
        rows, loop = max(1, most // job.each), asyncio.get_running_loop()
        slices = [slice(start, min(start + rows, job.rows)) for start in range(0, job.rows, rows)]
        return [
            Job(job.part(part), part.stop - part.start, job.group, loop.create_future(), 0.0, each=job.each)
            for part in slices
        ]

    @property
    def _is_full(self) -> bool:
        """Whether the next batch need not wait for more rows."""
        group = next(iter(self._waiting)).group
        return sum(job.load for job in self._waiting if job.group == group) >= (self._limits.max_batch_size or 1)

    def _put(self, job: Job, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        job.came = loop.time()
        job.expiry = loop.call_at(deadline, self._expire, job)
        self._waiting[job] = None
        self.queued_rows += job.load
        if self._timer is not None and self._limits.wait and self._is_full:
            self._forget_timer()
        if self._timer is None and self._workers.is_free:
            self._timer = loop.call_soon(self._start)  # after all requests that came with this one
        elif self._timer is None:
            self._workers.take(self._start)

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
            self.queued_rows -= job.load
        if not job.answer.done():
            job.answer.cancel()
        elif not job.answer.cancelled():
            job.answer.exception()  # seen, where another part failed first

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        """Give batches to workers that are free."""
        self._forget_timer()
        loop = asyncio.get_running_loop()
        while self._waiting:
            now = loop.time()
            due = next(iter(self._waiting)).came + self._limits.wait
            if now < due and not self._is_full:
                self._timer = loop.call_at(due, self._start)
                return
            if not self._workers.take(self._start):
                return
            batch = self._take()
            self._observe(sum(job.load for job in batch), [now - job.came for job in batch])
            done = self._workers.run(answer_batch, self._run, batch, self._cut)
            done.add_done_callback(functools.partial(self._finish, batch))

    def _take(self) -> list[Job]:
        """Take the oldest job, and those after it of its group that fit into the batch."""
        first = next(iter(self._waiting))
        batch, rows = [first], first.load
        most = self._limits.max_batch_size or 0
        for job in self._waiting:
            if job is not first and job.group == first.group:
                if rows + job.load > most:
                    break
                batch.append(job)
                rows += job.load
        for job in batch:
            del self._waiting[job]
        self.queued_rows -= rows
        return batch

    def _finish(self, batch: list[Job], answers: asyncio.Future) -> None:
        failure = answers.exception()
        for job, answer in zip(batch, [failure] * len(batch) if failure is not None else answers.result()):
            if job.answer.done():
                continue
            if isinstance(answer, BaseException):
                job.answer.set_exception(answer)
            else:
                job.answer.set_result(answer)
        self._workers.give_back()
