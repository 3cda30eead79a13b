"""The queue alone, with a model that doubles numbers."""

import asyncio
import time

import numpy as np
import pytest

from tests.serving.batching.doubling import Model, ask, held
from tfbert.serving.batching.padding import padding_cutter
from tfbert.wire.status import ServingError, Status
from tfbert.wire.tensor_spec import TensorSpec


def test_what_waits_is_answered_together():
    model = Model()

    async def calls(answer, batcher):
        first = await held(answer, model)
        rest = [asyncio.create_task(answer(float(value), value + 0.5)) for value in range(1, 6)]
        await asyncio.sleep(0.01)
        assert batcher.queued_rows == 10
        model.is_free.set()
        return await asyncio.gather(*first, *rest)

    assert ask(model, calls, max_batch_size=8, workers=1) == [[0.0], *([2.0 * n, 2.0 * n + 1] for n in range(1, 6))]
    assert model.runs == [[0.0], [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5], [5.0, 5.5]]


def test_requests_that_come_at_once_share_a_batch():
    model = Model()

    async def calls(answer, batcher):
        return await asyncio.gather(*(answer(float(value)) for value in range(4)))

    assert ask(model, calls) == [[0.0], [2.0], [4.0], [6.0]]
    assert model.runs == [[0.0, 1.0, 2.0, 3.0]]


def test_without_batching_each_request_runs_alone_and_whole():
    model = Model()

    async def calls(answer, batcher):
        return await asyncio.gather(answer(1.0), answer(2.0), answer(*map(float, range(100))))

    assert ask(model, calls, max_batch_size=None)[:2] == [[2.0], [4.0]]
    assert sorted(map(len, model.runs)) == [1, 1, 100]


def test_large_requests_are_split_and_joined():
    model = Model()

    async def calls(answer, batcher):
        return await answer(*map(float, range(10)))

    assert ask(model, calls, max_batch_size=4) == [2.0 * value for value in range(10)]
    assert sorted(map(len, model.runs)) == [2, 4, 4]


def test_groups_do_not_mix():
    model = Model()

    async def calls(answer, batcher):
        return await asyncio.gather(*(answer(float(value), group=value % 2) for value in range(6)))

    assert ask(model, calls) == [[2.0 * value] for value in range(6)]
    assert sorted(model.runs) == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]


def test_a_bad_row_fails_no_neighbour():
    model = Model()

    async def calls(answer, batcher):
        return await asyncio.gather(answer(1.0), answer(-1.0), answer(2.0), return_exceptions=True)

    first, bad, last = ask(model, calls)
    assert (first, last) == ([2.0], [4.0])
    assert isinstance(bad, ValueError)


def test_a_full_queue_refuses_at_once_and_takes_again():
    model = Model()

    async def calls(answer, batcher):
        first = await held(answer, model)
        waiting = [asyncio.create_task(answer(float(value))) for value in range(4)]
        await asyncio.sleep(0)
        started = time.perf_counter()
        with pytest.raises(ServingError) as error:
            await answer(9.0)
        assert time.perf_counter() - started < 0.1
        assert error.value.status is Status.RESOURCE_EXHAUSTED
        assert error.value.retry_after > 0
        model.is_free.set()
        await asyncio.gather(*first, *waiting)
        return await answer(9.0)

    assert ask(model, calls, max_queued_rows=4, workers=1) == [18.0]


def test_a_request_larger_than_the_queue_is_taken_where_nothing_waits():
    model = Model()

    async def calls(answer, batcher):
        return await answer(*map(float, range(10)))

    assert len(ask(model, calls, max_queued_rows=4, max_batch_size=2)) == 10


def test_a_deadline_ends_what_waits_unrun():
    model = Model()

    async def calls(answer, batcher):
        first = await held(answer, model)
        with pytest.raises(ServingError) as error:
            await answer(5.0, seconds=0.02)
        assert error.value.status is Status.DEADLINE_EXCEEDED
        assert batcher.queued_rows == 0
        model.is_free.set()
        await asyncio.gather(*first)

    ask(model, calls, workers=1)
    assert model.runs == [[0.0]]


def test_a_deadline_ends_what_runs_too():
    model = Model()

    async def calls(answer, batcher):
        model.is_free.clear()
        with pytest.raises(ServingError) as error:
            await answer(5.0, seconds=0.02)
        assert error.value.status is Status.DEADLINE_EXCEEDED

    ask(model, calls)


def test_a_client_that_left_is_taken_out_of_the_queue():
    model = Model()

    async def calls(answer, batcher):
        first = await held(answer, model)
        leaving, staying = asyncio.create_task(answer(5.0)), asyncio.create_task(answer(6.0))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        assert batcher.queued_rows == 1
        model.is_free.set()
        await asyncio.gather(*first)
        return await staying

    assert ask(model, calls, workers=1) == [12.0]
    assert model.runs == [[0.0], [6.0]]


def test_a_batch_waits_for_more_where_it_shall():
    model = Model()

    async def calls(answer, batcher):
        first = asyncio.create_task(answer(1.0))
        await asyncio.sleep(0.02)
        assert model.runs == []
        return await asyncio.gather(first, answer(2.0))

    assert ask(model, calls, wait=0.1) == [[2.0], [4.0]]
    assert model.runs == [[1.0, 2.0]]


def test_a_full_batch_does_not_wait():
    model = Model()

    async def calls(answer, batcher):
        first = asyncio.create_task(answer(1.0))
        await asyncio.sleep(0.01)
        return await asyncio.gather(first, answer(2.0))

    started = time.perf_counter()
    assert ask(model, calls, wait=5.0, max_batch_size=2) == [[2.0], [4.0]]
    assert time.perf_counter() - started < 2


def test_no_more_batches_run_than_there_are_workers():
    model = Model()

    async def calls(answer, batcher):
        tasks = await held(answer, model, 2)
        tasks += [asyncio.create_task(answer(1.0))]
        await asyncio.sleep(0.02)
        assert len(model.runs) == 2
        model.is_free.set()
        await asyncio.gather(*tasks)

    ask(model, calls, workers=2)


def test_padding_of_neighbours_is_cut():
    wide = TensorSpec(1, (None, None))
    by_length = padding_cutter({"score": wide, "length": TensorSpec(3, (None,)), "label": TensorSpec(7, (None, 2))})
    cut = by_length({"score": np.ones([2, 5]), "length": np.array([1, 3]), "label": np.ones([2, 2])})
    assert [array.shape for array in cut.values()] == [(2, 3), (2,), (2, 2)]
    by_mask = padding_cutter({"last_hidden_state": TensorSpec(1, (None, None, 4)), "attention_mask": wide})
    cut = by_mask({"last_hidden_state": np.ones([1, 5, 4]), "attention_mask": np.array([[1, 1, 0, 0, 0]])})
    assert cut["last_hidden_state"].shape == (1, 2, 4)
    others = {"embedding": np.ones([1, 4])}
    assert padding_cutter({"embedding": TensorSpec(1, (None, 4))})(others) is others
