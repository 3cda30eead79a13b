"""A model that doubles numbers, and a queue for it."""

import asyncio
import threading

import numpy as np

from tfbert.serving.batching.batcher import Batcher, BatchLimits
from tfbert.serving.batching.workers import Workers


class Model:
    """Doubles `x`, notes the rows of each run, waits while it is held, and raises for numbers below 0."""

    def __init__(self):
        self.runs = []
        self.is_free = threading.Event()
        self.is_free.set()

    def __call__(self, inputs):
        self.runs.append(inputs["x"].tolist())
        assert self.is_free.wait(10)
        if (inputs["x"] < 0).any():
            raise ValueError("negative")
        return {"y": 2 * inputs["x"]}


def ask(model, calls, workers=2, **limits):
    """What `calls`, an async function of `answer` and the batcher, returns."""

    async def run():
        threads = Workers(workers)
        batcher = Batcher(model, threads, BatchLimits(**limits))

        async def answer(*values, seconds=10.0, group=None):
            x = np.array(values, np.float64)
            deadline = asyncio.get_running_loop().time() + seconds
            return (await batcher.answer({"x": x}, len(values), group, deadline))["y"].tolist()

        try:
            result = await calls(answer, batcher)
        finally:
            model.is_free.set()
            threads.shutdown(wait=True)
        assert batcher.queued_rows == 0
        return result

    return asyncio.run(run())


async def held(answer, model, count=1):
    """Keep that many workers busy, each with a request of 0; return its tasks."""
    tasks = []
    for _ in range(count):
        runs = len(model.runs)
        tasks.append(asyncio.create_task(answer(0.0)))
        model.is_free.clear()
        while len(model.runs) == runs:
            await asyncio.sleep(0.001)
    return tasks
