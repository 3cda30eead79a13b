"""Sampling: exactly the allowed tokens, each as often as it should be, the same for the same seed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.generation.tiny_decoder import VOCABULARY, TinyDecoder, prompts
from tfbert.generation import GenerationOptions, generate
from tfbert.generation.score_rules import keep_top_k, keep_top_p, penalize_repetition

# The greatest chi-square of 12 degrees of freedom or fewer that chance gives once in 100,000 draws.
CHI_SQUARE = 45.1
TEMPERED = {"temperature": 1.7, "top_k": 6, "top_p": 0.8}


def allowed_by_top_k(scores, count):
    return {token for token in range(len(scores)) if np.sum(scores > scores[token]) < count}


def allowed_by_top_p(scores, probability):
    order = sorted(range(len(scores)), key=lambda token: -scores[token])
    probabilities = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    allowed, total = set(), 0.0
    for token in order:
        if allowed and total >= probability:
            break
        allowed.add(token)
        total += probabilities[token]
    return allowed


def kept(scores):
    return [set(np.flatnonzero(row > -np.inf)) for row in scores.numpy()]


def sample(decoder, ids, seed, **options):
    options = GenerationOptions(**{"max_new_tokens": 1, "do_sample": True, "top_k": None, **options})
    return generate(decoder.make_step, decoder.make_cache, ids, options=options, seed=seed)


@pytest.mark.parametrize("count", [1, 2, 5, 11, 40])
def test_top_k_keeps_the_greatest_and_their_ties(count):
    scores = np.random.default_rng(count).integers(-5, 5, size=[50, 11]).astype(np.float32)
    found = keep_top_k(tf.constant(scores), count)
    assert kept(found) == [allowed_by_top_k(row, count) for row in scores]
    np.testing.assert_array_equal(found.numpy()[found > -np.inf], scores[found > -np.inf])


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_top_p_keeps_the_greatest_that_reach_the_probability(probability):
    scores = (3 * np.random.default_rng(1).normal(size=[50, 11])).astype(np.float32)
    scores[:20, 3:9] = -np.inf
    assert kept(keep_top_p(tf.constant(scores), probability)) == [allowed_by_top_p(row, probability) for row in scores]


def test_repetition_is_penalized_once_and_only_in_written_columns():
    scores = tf.constant([[2.0, -2.0, 4.0, 1.0], [2.0, -2.0, 4.0, 1.0]])
    sequences = tf.constant([[1, 1, 0, 3], [2, 1, 2, 3]])
    found = penalize_repetition(scores, sequences, tf.constant(3), 2.0)
    np.testing.assert_array_equal(found, [[1.0, -4.0, 4.0, 1.0], [2.0, -4.0, 2.0, 1.0]])


@pytest.mark.parametrize("options", [{}, {"temperature": 0.5}, {"top_k": 4}, {"top_p": 0.7}, TEMPERED])
@pytest.mark.parametrize("across", ["rows", "seeds"])
def test_tokens_are_drawn_as_often_as_they_should_be(across, options):
    decoder = TinyDecoder(seed=3, contexts=1)
    scores = decoder.next_logits([1, 2], [1, 1], 0) / options.get("temperature", 1.0)
    allowed = allowed_by_top_k(scores, options.get("top_k", VOCABULARY))
    scores = np.where(np.isin(range(VOCABULARY), list(allowed)), scores, -np.inf)
    allowed = allowed_by_top_p(scores, options.get("top_p", 1.0))
    probabilities = np.where(np.isin(range(VOCABULARY), list(allowed)), np.exp(scores), 0)
    probabilities /= probabilities.sum()
    draws = 3000
    if across == "rows":
        tokens = sample(decoder, [[1, 2]], 11, num_return_sequences=draws, **options)[:, -1]
    else:
        one = tf.function(lambda seed: sample(decoder, [[1, 2]], seed, **options)[0, -1])
        tokens = [one(seed).numpy() for seed in tf.range(draws)]
    counts = np.bincount(tokens, minlength=VOCABULARY)
    assert set(np.flatnonzero(counts)) <= allowed
    likely = probabilities * draws > 0
    chi_square = np.sum((counts - draws * probabilities)[likely] ** 2 / (draws * probabilities[likely]))
    assert chi_square < CHI_SQUARE, counts


@pytest.mark.parametrize("compiled", [None, False, True])
def test_same_seed_gives_the_same_text_however_it_runs(compiled):
    decoder = TinyDecoder(seed=3, contexts=4)
    ids, _ = prompts(seed=0, rows=4, columns=3)
    options = {"max_new_tokens": 9, "num_return_sequences": 2, "eos_token_id": 4, **TEMPERED}
    eager, other = (sample(decoder, ids, seed, **options).numpy() for seed in (5, 6))
    run = sample if compiled is None else tf.function(sample, jit_compile=compiled)
    again = run(decoder, ids, tf.constant(5), **options).numpy()
    np.testing.assert_array_equal(eager, again)
    assert eager.shape != other.shape or (eager != other).any()
    assert any((eager[row] != eager[row + 1]).any() for row in range(0, 8, 2))


@pytest.mark.parametrize("compiled", [None, False, True])
def test_no_seed_draws_anew_each_time(compiled):
    decoder = TinyDecoder(seed=3, contexts=1)

    def draw():
        return sample(decoder, [[1, 2]], None, max_new_tokens=12)

    run = draw if compiled is None else tf.function(draw, jit_compile=compiled)
    assert len({tuple(run().numpy()[0]) for _ in range(5)}) == 5


def test_no_seed_obeys_the_global_one():
    decoder = TinyDecoder(seed=3, contexts=1)
    texts = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        texts.append(sample(decoder, [[1, 2]], None, max_new_tokens=12).numpy())
    np.testing.assert_array_equal(*texts)
