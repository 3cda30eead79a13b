"""What `generate` and its options refuse, and in which words."""

import numpy as np
import pytest
import tensorflow as tf

from tests.generation.tiny_decoder import TinyDecoder
from tfbert.generation import GenerationOptions, generate

REFUSED = [
    ({"max_new_tokens": 0}, "`max_new_tokens` must be an integer of at least 1 or None. Received: 0"),
    ({"max_new_tokens": 2.0}, "`max_new_tokens` must be an integer"),
    ({"max_length": True}, "`max_length` must be an integer of at least 1 or None. Received: True"),
    ({"max_length": 9, "max_new_tokens": 3}, "give one. Received: max_new_tokens=3, max_length=9"),
    ({"min_new_tokens": -1}, "`min_new_tokens` must be an integer of at least 0. Received: -1"),
    ({"min_new_tokens": 21}, "`min_new_tokens` must not exceed `max_new_tokens`, 20. Received: 21"),
    ({"do_sample": 1}, "`do_sample` must be True or False. Received: 1"),
    ({"do_sample": True, "temperature": 0}, "`temperature` must be a finite number above 0. Received: 0"),
    ({"do_sample": True, "top_k": -1}, "`top_k` must be an integer of at least 0 or None. Received: -1"),
    ({"do_sample": True, "top_p": 1.1}, "`top_p` must be a number from 0 to 1. Received: 1.1"),
    ({"do_sample": True, "num_beams": 2}, "does not go with beam search. Write num_beams=1 to sample"),
    ({"temperature": 0.5}, "`temperature` acts only with do_sample=True: add that"),
    ({"top_k": 3, "num_beams": 2}, "`top_k` acts only with do_sample=True"),
    ({"top_p": 0.5}, "`top_p` acts only with do_sample=True"),
    ({"num_beams": 0}, "`num_beams` must be an integer of at least 1. Received: 0"),
    ({"length_penalty": 2.0}, "`length_penalty` acts only with num_beams above 1"),
    ({"num_beams": 2, "length_penalty": float("nan")}, "`length_penalty` must be a finite number. Received: nan"),
    ({"early_stopping": True}, "`early_stopping` acts only with num_beams above 1"),
    ({"num_beams": 2, "early_stopping": "always"}, "`early_stopping` must be True, False or 'never'"),
    ({"num_return_sequences": 2}, "must not exceed `num_beams` unless do_sample=True"),
    ({"num_beams": 2, "num_return_sequences": 3}, "num_return_sequences=3, num_beams=2"),
    ({"repetition_penalty": 0.0}, "`repetition_penalty` must be a finite number above 0. Received: 0.0"),
    ({"eos_token_id": -1}, "`eos_token_id` must be a token id or a sequence of them, none negative. Received: -1"),
    ({"eos_token_id": [1, "2"]}, r"Received: \(1, '2'\)"),
    ({"pad_token_id": -1}, "`pad_token_id` must be an integer of at least 0 or None. Received: -1"),
]


def run(ids, mask=None, seed=None, max_positions=None, **options):
    decoder = TinyDecoder(seed=0, contexts=np.shape(ids)[0])
    return generate(
        decoder.make_step,
        decoder.make_cache,
        ids,
        mask,
        options=GenerationOptions(**options),
        seed=seed,
        max_positions=max_positions,
    )


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        GenerationOptions(**options)


def test_options_stay_as_they_were_given():
    endings = [1, 2]
    options = GenerationOptions(eos_token_id=endings)
    endings.append(3)
    assert options.eos_token_ids == (1, 2)
    assert hash(options) == hash(GenerationOptions(eos_token_id=(1, 2)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ids": [1, 2]}, r"integers of the shape \[B, P\]. Received: int32 of the shape \(2,\)"),
        ({"ids": [[0.5]]}, r"Received: float32 of the shape \(1, 1\)"),
        ({"ids": [[]]}, "integers of the shape"),
        ({"ids": np.zeros([2, 0], np.int32)}, "`input_ids` must have a token in each row"),
        ({"ids": [[1, 2]], "mask": [[1]]}, r"the shape of `input_ids`, \(1, 2\). Received: \(1, 1\)"),
        ({"ids": [[1, 2]], "seed": 3}, "`seed` acts only with do_sample=True"),
        ({"ids": [[1, 2]], "max_length": 2}, "`max_length` 2 must exceed the prompts' length"),
        ({"ids": [[1, 2]], "max_positions": 2}, "`input_ids` must be shorter than the model's 2 positions"),
        ({"ids": [[1, 2]], "max_positions": 5, "max_new_tokens": 5}, "must fit the model's 5 positions"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        run(**arguments)


def test_new_tokens_stay_within_the_positions():
    assert run([[1, 2]], max_positions=5).shape == (1, 5)
    assert run([[1, 2]], max_positions=5, max_new_tokens=4).shape == (1, 6)
    assert run([[1, 2]], max_positions=50).shape == (1, 22)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"max_length": 3}, "`max_length` 3 must exceed"), ({"max_positions": 3}, "must be shorter than the model")],
)
def test_a_graph_refuses_prompts_that_are_too_long(arguments, message):
    decoder = TinyDecoder(seed=0, contexts=1)
    options = GenerationOptions(max_length=arguments.get("max_length"))

    @tf.function(input_signature=[tf.TensorSpec([1, None], tf.int32)])
    def serve(ids):
        positions = arguments.get("max_positions")
        return generate(decoder.make_step, decoder.make_cache, ids, options=options, max_positions=positions)

    assert serve(tf.constant([[1, 2]])).shape == (1, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        serve(tf.constant([[1, 2, 3]]))
