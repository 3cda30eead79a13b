"""Caches, cross-attention and generation of the decoder, in every form in which they are used."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.model_table import CONFIG, IDS, MASK
from tfbert import TFBertLMHeadModel, TFBertModel

SIZES = CONFIG.replace(is_decoder=True, initializer_range=0.5)
CROSS = SIZES.replace(add_cross_attention=True)
PROMPTS = np.array([[0, 0, 2, 5], [2, 9, 4, 7]], np.int32)
STATES = np.random.default_rng(0).normal(size=(2, 5, 16)).astype(np.float32)
STATES_MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], np.int32)
ENCODED = {"encoder_hidden_states": STATES, "encoder_attention_mask": STATES_MASK}


def assert_close(found, expected, atol=1e-5):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=0, atol=atol)


@pytest.mark.parametrize("config", [SIZES, CROSS], ids=["self", "cross"])
@pytest.mark.parametrize("position", ["absolute", "relative_key", "relative_key_query"])
def test_steps_with_a_cache_equal_the_whole(config, position):
    model = TFBertModel(config.replace(position_embedding_type=position), execution="padded")
    others = ENCODED if config is CROSS else {}
    whole = model(IDS, MASK, **others, output_attentions=True)
    past, outputs = None, []
    for column in range(4):
        output = model(
            IDS[:, column : column + 1], MASK[:, : column + 1], past_key_values=past, **others, output_attentions=True
        )
        past = output.past_key_values
        outputs.append(output)
        assert_close(output.attentions[1][:, :, 0], whole.attentions[1][:, :, column, : column + 1])
    assert_close(tf.concat([output.last_hidden_state for output in outputs], 1), whole.last_hidden_state)
    assert [len(layer) for layer in past] == [4 if others else 2] * 2
    for ours, theirs in zip(past, whole.past_key_values):
        for part, expected in zip(ours, theirs):
            assert_close(part, expected)


def test_a_cache_may_be_numpy_and_symbolic():
    model = TFBertLMHeadModel(SIZES)
    first = model(IDS[:, :3])
    expected = model(IDS).logits[:, 3:]
    as_arrays = [[part.numpy() for part in layer] for layer in first.past_key_values]
    assert_close(model(IDS[:, 3:], past_key_values=as_arrays).logits, expected)
    symbolic = tuple(tuple(keras.Input((2, None, 8)) for _ in range(2)) for _ in range(2))
    ids = keras.Input((None,), dtype="int32")
    functional = keras.Model([ids, symbolic], model(ids, past_key_values=symbolic).logits)
    assert_close(functional([tf.constant(IDS[:, 3:]), first.past_key_values]), expected)


def test_a_later_token_changes_nothing_before_it():
    model = TFBertLMHeadModel(SIZES)
    changed = IDS.copy()
    changed[:, 2] = 11
    assert_close(model(changed).logits[:, :2], model(IDS).logits[:, :2])
    assert np.abs(model(changed).logits[:, 2:] - model(IDS).logits[:, 2:]).max() > 1e-3


def test_the_cache_is_returned_only_where_it_is_wanted():
    model = TFBertModel(SIZES)
    assert "past_key_values" in model(IDS)
    assert "past_key_values" not in model(IDS, use_cache=False)
    assert "past_key_values" not in TFBertModel(SIZES.replace(use_cache=False))(IDS)
    assert "past_key_values" not in TFBertModel(CONFIG)(IDS, use_cache=True)


def test_cross_attention_sees_real_encoder_positions_only():
    model = TFBertModel(CROSS)
    output = model(IDS, **ENCODED, output_attentions=True)
    assert [probabilities.shape for probabilities in output.cross_attentions] == [(2, 2, 4, 5)] * 2
    assert np.abs(output.cross_attentions[0][1, :, :, 3:]).max() == 0
    assert "cross_attentions" not in model(IDS, output_attentions=True)
    noisy = np.where(STATES_MASK[..., None] > 0, STATES, 100.0).astype(np.float32)
    assert_close(model(IDS, encoder_hidden_states=noisy, encoder_attention_mask=STATES_MASK)[0], output[0])


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"num_beams": 3, "num_return_sequences": 2, "eos_token_id": 7}], ids=str)
def test_generation_is_the_same_in_every_form(options, tmp_path):
    model = TFBertLMHeadModel(CROSS)
    options = {"max_new_tokens": 5, **options}
    expected = model.generate(PROMPTS, **ENCODED, **options)
    assert expected.shape[0] == 2 * options.get("num_return_sequences", 1)
    np.testing.assert_array_equal(expected[:: options.get("num_return_sequences", 1), :4], PROMPTS)
    mask = (PROMPTS != 0).astype(np.int32)
    np.testing.assert_array_equal(model.generate(PROMPTS.tolist(), mask, **ENCODED, **options), expected)
    specs = {
        "input_ids": tf.TensorSpec([None, None], tf.int32),
        "encoder_hidden_states": tf.TensorSpec([None, None, 16], tf.float32),
        "encoder_attention_mask": tf.TensorSpec([None, None], tf.int32),
    }
    graph = tf.function(lambda **given: {"ids": model.generate(**given, **options)}).get_concrete_function(**specs)
    given = {"input_ids": tf.constant(PROMPTS), **{name: tf.constant(array) for name, array in ENCODED.items()}}
    np.testing.assert_array_equal(graph(**given)["ids"], expected)
    tf.saved_model.save(model, str(tmp_path), signatures=graph)
    served = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    np.testing.assert_array_equal(served(**given)["ids"], expected)
    compiled = tf.function(lambda ids, **more: model.generate(ids, **more, **options), jit_compile=True)
    np.testing.assert_array_equal(compiled(tf.constant(PROMPTS), **ENCODED), expected)


def test_greedy_generation_is_the_argmax_of_the_whole_model():
    model = TFBertLMHeadModel(SIZES, execution="padded")
    ids = np.array([[2, 9, 4, 7], [2, 5, 6, 3]])
    found = model.generate(ids, max_new_tokens=6).numpy()
    for _ in range(6):
        best = np.asarray(model(ids).logits)[:, -1].argmax(-1)
        ids = np.concatenate([ids, best[:, None]], axis=1)
    np.testing.assert_array_equal(found, ids)


def test_generation_follows_new_weights_and_a_new_size():
    model, other = TFBertLMHeadModel(SIZES), TFBertLMHeadModel(SIZES)
    before = model.generate(PROMPTS, max_new_tokens=6).numpy()
    model.set_weights(other.get_weights())
    after = model.generate(PROMPTS, max_new_tokens=6).numpy()
    assert (before != after).any()
    np.testing.assert_array_equal(other.generate(PROMPTS, max_new_tokens=6), after)
    model.predictions.bias.assign(np.where(np.arange(30) == 8, 0.0, -1e6))
    assert set(model.generate(PROMPTS, max_new_tokens=3).numpy()[:, 4:].flat) == {8}
    model.resize_token_embeddings(9)
    assert model.generate(PROMPTS % 9, max_new_tokens=3).numpy().max() < 9


def test_token_types_of_the_prompt_go_on():
    model = TFBertLMHeadModel(SIZES, execution="padded")
    types = np.array([[0, 0, 1, 1]] * 2)
    ids = np.array([[2, 9, 4, 7], [2, 5, 6, 3]])
    found = model.generate(ids, token_type_ids=types, max_new_tokens=4).numpy()
    for _ in range(4):
        best = np.asarray(model(ids, token_type_ids=types).logits)[:, -1].argmax(-1)
        ids, types = np.concatenate([ids, best[:, None]], 1), np.concatenate([types, types[:, -1:]], 1)
    np.testing.assert_array_equal(found, ids)


def test_samples_repeat_with_their_seed():
    model = TFBertLMHeadModel(SIZES)

    def sample(seed):
        return model.generate(PROMPTS, do_sample=True, num_return_sequences=4, max_new_tokens=8, seed=seed).numpy()

    np.testing.assert_array_equal(sample(5), sample(5))
    assert (sample(5) != sample(6)).any()
    assert (sample(None) != sample(None)).any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: TFBertLMHeadModel(CONFIG).generate(PROMPTS), ValueError, "Only a decoder generates"),
        (lambda m: m.generate(PROMPTS, max_tokens=3), TypeError, "max_tokens"),
        (lambda m: m.generate(PROMPTS, max_new_tokens=0), ValueError, "`max_new_tokens`"),
        (lambda m: m.generate(PROMPTS + 30), ValueError, "`input_ids` must lie from 0 to 29"),
        (lambda m: m.generate(np.ones((1, 13), int)), ValueError, "13 positions"),
        (lambda m: m.generate(PROMPTS, max_new_tokens=10), ValueError, "12"),
        (lambda m: m.generate(PROMPTS, encoder_hidden_states=STATES), ValueError, "cross-attention"),
        (lambda m: m(IDS, past_key_values=[[np.zeros((2, 2, 1, 8))]] * 2), ValueError, "`past_key_values` must be"),
        (lambda m: m(IDS, past_key_values=m(np.ones((2, 11), int)).past_key_values), ValueError, "15 positions"),
        (lambda m: m(IDS, MASK, past_key_values=m(IDS).past_key_values), ValueError, r"shape of .* \(2, 8\)"),
        (lambda m: m(IDS, past_key_values=m(IDS).past_key_values[:1]), ValueError, "must hold 2 layers"),
        (lambda m: m.generate(PROMPTS, (PROMPTS == 0).astype(int)), ValueError, "hides the end of a prompt"),
        (
            lambda m: TFBertModel(CROSS)(IDS, encoder_hidden_states=STATES[:1]),
            ValueError,
            "`encoder_hidden_states` must",
        ),
        (lambda m: TFBertModel(CROSS)(IDS, encoder_attention_mask=STATES_MASK), ValueError, "give both"),
        (
            lambda m: TFBertLMHeadModel(CROSS).generate(
                PROMPTS, encoder_hidden_states=STATES, encoder_attention_mask=np.ones((2, 4, 5), int)
            ),
            ValueError,
            "must have rank 2",
        ),
    ],
)
def test_wrong_uses_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(TFBertLMHeadModel(SIZES))
