"""Greedy and beam search against lists of Python, in every way to run a graph."""

import numpy as np
import pytest
import tensorflow as tf

from tests.generation.reference import beam_search, greedy_search, padded
from tests.generation.tiny_decoder import TinyDecoder, prompts
from tfbert.generation import GenerationOptions, generate

PAD = 7
WAYS = {
    "eager": lambda function: function,
    "graph": tf.function,
    "unknown_shapes": lambda function: tf.function(
        function, input_signature=[tf.TensorSpec([None, None], tf.int64)] * 2
    ),
    "xla": lambda function: tf.function(function, jit_compile=True),
}
SEARCHES = {
    "greedy": {},
    "greedy_until_end": {"eos": (3, 5)},
    "greedy_late_end": {"eos": (3, 5), "min_new_tokens": 4, "repetition_penalty": 1.4},
    "beams": {"num_beams": 4},
    "beams_until_end": {"num_beams": 3, "eos": (3,)},
    "beams_enough": {"num_beams": 3, "eos": (3, 5), "early_stopping": True, "length_penalty": 0.5},
    "beams_never": {"num_beams": 2, "eos": (3,), "early_stopping": "never", "length_penalty": 2.0},
    "beams_short": {"num_beams": 3, "eos": (3,), "early_stopping": "never", "length_penalty": -1.0},
    "beams_late_end": {"num_beams": 3, "eos": (3, 5), "min_new_tokens": 3, "repetition_penalty": 1.3},
}


def expected(decoder, ids, mask, *, new_tokens, count=1, **search):
    sequences = []
    for row, prompt in enumerate(ids.tolist()):

        def next_logits(sequence, row=row):
            return decoder.next_logits(sequence, mask[row], row)

        if "num_beams" in search:
            sequences += beam_search(next_logits, prompt, new_tokens=new_tokens, **search)[:count]
        else:
            sequences.append(greedy_search(next_logits, prompt, new_tokens=new_tokens, **search))
    return padded(sequences, PAD)


def options(*, new_tokens, count=1, eos=(), **search):
    return GenerationOptions(
        max_new_tokens=new_tokens, num_return_sequences=count, eos_token_id=eos, pad_token_id=PAD, **search
    )


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_run_finds_what_the_reference_finds(way, search):
    decoder = TinyDecoder(seed=1, contexts=3)
    ids, mask = prompts(seed=2, rows=3, columns=5)
    count = 2 if "num_beams" in SEARCHES[search] else 1
    run = WAYS[way](
        lambda ids, mask: generate(
            decoder.make_step,
            decoder.make_cache,
            ids,
            mask,
            options=options(new_tokens=7, count=count, **SEARCHES[search]),
        )
    )
    found = run(tf.constant(ids), tf.constant(mask))
    assert found.dtype == tf.int32
    np.testing.assert_array_equal(found, expected(decoder, ids, mask, new_tokens=7, count=count, **SEARCHES[search]))


@pytest.mark.parametrize("seed", range(40))
def test_random_searches_equal_the_reference(seed):
    draw = np.random.default_rng(seed)
    rows, columns, new_tokens = (int(draw.integers(1, 5)) for _ in range(3))
    new_tokens *= 3
    search = {
        "eos": tuple(draw.choice(13, size=draw.integers(0, 4), replace=False).tolist()),
        "min_new_tokens": int(draw.integers(0, 3)),
        "repetition_penalty": float(draw.choice([1.0, 0.8, 1.5])),
    }
    count = 1
    if draw.random() < 0.8:
        search["num_beams"] = int(draw.integers(2, 6))
        search["length_penalty"] = float(draw.choice([1.0, 0.0, -0.7, 2.0]))
        search["early_stopping"] = [True, False, "never"][draw.integers(3)]
        count = int(draw.integers(1, search["num_beams"] + 1))
    decoder = TinyDecoder(seed, contexts=rows)
    ids, mask = prompts(seed, rows, columns)
    found = generate(
        decoder.make_step,
        decoder.make_cache,
        ids,
        mask,
        options=options(new_tokens=new_tokens, count=count, **search),
    )
    wanted = expected(decoder, ids, mask, new_tokens=new_tokens, count=count, **search)
    np.testing.assert_array_equal(found, wanted, err_msg=str(search))


@pytest.mark.parametrize("seed", [7, 12, 13, 19])
def test_beams_stop_when_a_better_one_is_unlikely_or_impossible(seed):
    decoder = TinyDecoder(seed, contexts=3)
    ids, mask = prompts(seed=2, rows=3, columns=5)
    found = []
    for early_stopping in (False, "never"):
        search = {"num_beams": 2, "eos": (3, 5), "length_penalty": 2.0, "early_stopping": early_stopping}
        chosen = options(new_tokens=7, count=2, **search)
        found.append(generate(decoder.make_step, decoder.make_cache, ids, mask, options=chosen).numpy())
        np.testing.assert_array_equal(found[-1], expected(decoder, ids, mask, new_tokens=7, count=2, **search))
    assert not np.array_equal(*found)


def test_no_mask_is_a_mask_of_ones():
    decoder = TinyDecoder(seed=0, contexts=2)
    ids, _ = prompts(seed=0, rows=2, columns=4)
    without, with_ones = (
        generate(decoder.make_step, decoder.make_cache, ids, mask) for mask in (None, np.ones_like(ids))
    )
    np.testing.assert_array_equal(without, with_ones)
    assert without.shape == (2, 24)


def test_length_of_the_whole_sequence():
    decoder = TinyDecoder(seed=0, contexts=2)
    ids, _ = prompts(seed=0, rows=2, columns=4)
    whole = generate(decoder.make_step, decoder.make_cache, ids, options=GenerationOptions(max_length=9))
    new = generate(decoder.make_step, decoder.make_cache, ids, options=GenerationOptions(max_new_tokens=5))
    np.testing.assert_array_equal(whole, new)


@pytest.mark.parametrize("beams", [1, 3])
def test_model_runs_once_per_column_and_stops_when_all_have_ended(beams):
    decoder = TinyDecoder(seed=4, contexts=1)
    options = GenerationOptions(max_new_tokens=6, num_beams=beams)
    assert generate(decoder.make_step, decoder.make_cache, [[1, 2]], options=options).shape == (1, 8)
    assert decoder.calls == 6
    decoder.calls = 0
    options = GenerationOptions(
        max_new_tokens=30, num_beams=beams, eos_token_id=range(1, 9), early_stopping=beams > 1, min_new_tokens=2
    )
    ended = generate(decoder.make_step, decoder.make_cache, [[1, 2]], options=options)
    assert 2 <= ended.shape[1] - 2 <= decoder.calls < 10


@pytest.mark.parametrize("beams", [1, 3])
def test_filler_is_the_first_ending_where_no_padding_is_named(beams):
    decoder = TinyDecoder(seed=1, contexts=4)
    ids, mask = prompts(seed=3, rows=4, columns=3)
    for pad, filler in ((PAD, PAD), (0, 0), (None, 5)):
        options = GenerationOptions(eos_token_id=[5, 3], pad_token_id=pad, num_beams=beams)
        found = generate(decoder.make_step, decoder.make_cache, ids, mask, options=options).numpy()[:, 3:]
        ended = np.cumsum(np.isin(found, [5, 3]), axis=1)
        behind = np.concatenate([np.zeros_like(ended[:, :1]), ended[:, :-1]], axis=1) > 0
        assert behind.any()
        assert set(found[behind]) == {filler}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("beams", [1, 3])
def test_no_prompts_give_nothing(way, beams):
    decoder = TinyDecoder(seed=0, contexts=0)
    run = WAYS[way](
        lambda ids, mask: generate(
            decoder.make_step, decoder.make_cache, ids, mask, options=GenerationOptions(num_beams=beams, eos_token_id=3)
        )
    )
    empty = tf.zeros([0, 4], tf.int64)
    assert run(empty, empty).shape[0] == 0


@pytest.mark.parametrize("search", [{}, {"num_beams": 3}, {"do_sample": True}])
def test_saved_model_takes_any_batch_and_length(search, tmp_path):
    decoder = TinyDecoder(seed=5, contexts=1)
    chosen = GenerationOptions(max_new_tokens=6, eos_token_id=3, pad_token_id=PAD, **search)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([], tf.int64),
        ]
    )
    def serve(ids, mask, seed):
        contexts = tf.zeros([tf.shape(ids)[0], 13])
        return {
            "ids": generate(
                lambda copies: decoder.make_step(copies, contexts),
                decoder.make_cache,
                ids,
                mask,
                options=chosen,
                seed=seed if chosen.do_sample else None,
            )
        }

    module = tf.Module()
    module.serve = serve
    tf.saved_model.save(module, str(tmp_path), signatures=serve)
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    for rows, columns in ((1, 1), (3, 6), (0, 2)):
        ids, mask = prompts(rows, rows, columns)
        decoder.contexts = np.zeros([rows, 13], np.float32)
        found = loaded(ids=tf.constant(ids, tf.int32), mask=tf.constant(mask, tf.int32), seed=tf.constant(8, tf.int64))
        direct = generate(
            decoder.make_step, decoder.make_cache, ids, mask, options=chosen, seed=8 if chosen.do_sample else None
        )
        np.testing.assert_array_equal(found["ids"], direct)
