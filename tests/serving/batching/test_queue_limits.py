"""What goes wrong in a queue, and what its limits count."""

import asyncio

import numpy as np
import pytest

from tests.serving.batching.doubling import Model, ask, held
from tfbert.serving.batching.batcher import Batcher, BatchLimits
from tfbert.serving.batching.joined_answers import joined_answers
from tfbert.wire.status import ServingError, Status


def test_bytes_of_split_requests_stay_as_they_are():
    async def calls(answer, batcher):
        deadline = asyncio.get_running_loop().time() + 10
        return (await batcher.answer({"x": np.zeros(5)}, 5, None, deadline))["y_bytes"].tolist()

    class Bytes(Model):
        def __call__(self, inputs):
            return {"y_bytes": np.array([b"\xff\xfe"] * len(inputs["x"]), object)}

    assert ask(Bytes(), calls, max_batch_size=2) == [b"\xff\xfe"] * 5


def test_parts_are_padded_to_the_widest():
    strings = [np.array([[b"a", b"\xff"]], object), np.array([[b"b"]], object)]
    joined = joined_answers([{"y": strings[0], "z": np.ones([1, 1])}, {"y": strings[1], "z": np.ones([1, 2])}])
    assert joined["y"].tolist() == [[b"a", b"\xff"], [b"b", b""]]
    assert joined["z"].tolist() == [[1, 0], [1, 1]]


def test_one_bad_row_costs_few_runs():
    model = Model()

    async def calls(answer, batcher):
        return await asyncio.gather(answer(-1.0), *(answer(1.0) for _ in range(63)), return_exceptions=True)

    bad, *others = ask(model, calls)
    assert isinstance(bad, ValueError)
    assert others == [[2.0]] * 63
    assert len(model.runs) == 13


def test_what_the_model_always_refuses_is_not_repeated():
    class Refusing(Model):
        def __call__(self, inputs):
            self.runs.append(len(inputs["x"]))
            raise ServingError(Status.FAILED_PRECONDITION, "No rows.")

    model = Refusing()

    async def calls(answer, batcher):
        return await asyncio.gather(*(answer(1.0) for _ in range(8)), return_exceptions=True)

    assert {error.status for error in ask(model, calls)} == {Status.FAILED_PRECONDITION}
    assert model.runs == [8]


def test_an_error_of_the_system_reaches_those_that_wait():
    class Broken(Model):
        def __call__(self, inputs):
            raise OSError("no disk")

    async def calls(answer, batcher):
        return await asyncio.gather(answer(1.0), answer(2.0), return_exceptions=True)

    assert [str(error) for error in ask(Broken(), calls)] == ["no disk"] * 2


def test_queues_share_the_workers_and_run_nothing_that_was_given_up():
    model, other = Model(), Model()

    async def calls(answer, batcher):
        first = await held(answer, model)
        second = Batcher(other, batcher._workers, BatchLimits())
        now = asyncio.get_running_loop().time()
        with pytest.raises(ServingError, match="DEADLINE_EXCEEDED"):
            await second.answer({"x": np.ones(1)}, 1, None, now + 0.02)
        waiting = asyncio.create_task(second.answer({"x": np.full(1, 3.0)}, 1, None, now + 10))
        await asyncio.sleep(0.01)
        model.is_free.set()
        await asyncio.gather(*first)
        return (await waiting)["y"].tolist()

    assert ask(model, calls, workers=1) == [6.0]
    assert other.runs == [[3.0]]


def test_rows_of_many_texts_count_for_as_many():
    model = Model()

    async def calls(answer, batcher):
        deadline = asyncio.get_running_loop().time() + 10
        await batcher.answer({"x": np.ones(6)}, 6, None, deadline, 4)

    ask(model, calls, max_batch_size=8)
    assert sorted(map(len, model.runs)) == [2, 2, 2]


def test_too_large_answers_are_refused():
    async def calls(answer, batcher):
        with pytest.raises(ServingError, match="larger than max_answer_bytes, 100"):
            await answer(*map(float, range(20)))
        return await answer(1.0)

    assert ask(Model(), calls, max_batch_size=8, max_answer_bytes=100) == [2.0]


def test_rows_of_other_groups_do_not_fill_a_batch():
    model = Model()

    async def calls(answer, batcher):
        tasks = [asyncio.create_task(answer(float(value), group=value)) for value in range(2)]
        await asyncio.sleep(0.02)
        assert model.runs == []
        return await asyncio.gather(*tasks, answer(5.0, group=0))

    assert ask(model, calls, wait=0.1, max_batch_size=2) == [[0.0], [2.0], [10.0]]
    assert model.runs == [[0.0, 5.0], [1.0]]
