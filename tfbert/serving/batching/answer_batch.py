"""A batch of jobs, answered by one run of the model where that succeeds, else one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfbert.serving.batching.job import Arrays, Job

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
    if len(jobs) == 1:
        return [_alone(run, jobs[0], cut)]
    try:
        outputs = run({name: np.concatenate([job.inputs[name] for job in jobs]) for name in jobs[0].inputs})
        answers: list[Arrays | Exception] = []
        start = 0
        for job in jobs:
            answers.append(cut({name: array[start : start + job.rows] for name, array in outputs.items()}))
            start += job.rows
        return answers
    except Exception:
        return [_alone(run, job, cut) for job in jobs]


def _alone(run: Run, job: Job, cut: Run) -> Arrays | Exception:
    try:
        return cut(run(job.inputs))
    except Exception as error:
        return error
