"""A batch of jobs, answered by one run of the model where that succeeds, else by halves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tfbert.scoring.failing_rows import answered_by_halves
from tfbert.serving.batching.job import Arrays, Job
from tfbert.wire.status import ServingError, Status

Run = Callable[[Arrays], Arrays]


def answer_batch(run: Run, jobs: Sequence[Job], cut: Run) -> list[Arrays | Exception]:
    """Answer jobs together.

    Args:
        run: The model, from arrays to arrays.
        jobs: Sequence of `Job`. Their inputs have equal shapes but for the rows.
        cut: What takes the padding off the answers to one job that its neighbours brought.

    Returns:
        A list of the answer to each, or of the error that it raised: a bad row fails no neighbour.
    """

    def answer(part: Sequence[Job]) -> Sequence[Arrays | Exception]:
        if all(job.answer.done() for job in part):  # each was given up
            return [ServingError(Status.CANCELLED, "The request was given up.")] * len(part)
        try:
            return list(_together(run, part, cut))
        except ServingError as error:
            if error.status is Status.INVALID_ARGUMENT:
                raise
            return [error] * len(part)  # the model is wrong, whatever it is asked

    answers: list[Arrays | Exception] = []
    for _, found in answered_by_halves(answer, jobs):
        answers.extend([found] if isinstance(found, Exception) else found)
    return answers


def _together(run: Run, jobs: Sequence[Job], cut: Run) -> Iterator[Arrays]:
    if len(jobs) == 1:
        yield cut(run(jobs[0].inputs))
        return
    outputs = run({name: np.concatenate([job.inputs[name] for job in jobs]) for name in jobs[0].inputs})
    start = 0
    for job in jobs:
        yield cut({name: array[start : start + job.rows] for name, array in outputs.items()})
        start += job.rows
