"""TextGenerator and its pipeline: the peer's texts, rows beside others, sampling, training, wrong uses."""

import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder, references
from tests.tasks.pipelines.same_answers import assert_same_answers, called
from tests.tasks.pipelines.texts import LONG_TEXTS, TEXTS
from tfbert.tasks import TextGenerator, pipeline
from tfbert.training import BertAdamW

REFERENCES = {case.name: case for case in references("text-generation")}
# Together they use every option on all texts; the others run under the marker `exhaustive`.
SAMPLE = (
    *("greedy", "beams, new text", "beams with an end", "no special tokens", "special tokens kept"),
    *("hole", "forms", "ids"),
)
PROMPTS = ["the movie was", "", "北京 is the old city 😀", LONG_TEXTS["300 words"], "a"]
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}  # learns in fewer steps
STORIES = [
    "the movie was good and i love it",
    "my dog bought an old house",
    "paris is not berlin",
    "who said he was sad ?",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("models"), "story")


@pytest.fixture(scope="module")
def generator(folder):
    return TextGenerator.from_pretrained(folder, max_new_tokens=5)


def check(generator, name):
    case = REFERENCES[name]
    pipe = pipeline("text-generation", generator, **case.made_with)
    for found, expected in zip(called(pipe, case), case.outputs, strict=True):
        assert_same_answers(found, expected)


@pytest.mark.parametrize("name", SAMPLE)
def test_outputs_are_hugging_faces(generator, name):
    check(generator, name)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", sorted(set(REFERENCES) - set(SAMPLE)))
def test_outputs_of_further_calls_are_hugging_faces(generator, name):
    check(generator, name)


@pytest.mark.parametrize(
    "options",
    [{}, {"num_beams": 2, "num_return_sequences": 2, "return_tensors": True, "eos_token_id": 187}],
    ids=["greedy", "beams"],
)
def test_a_row_does_not_depend_on_its_neighbours(generator, options):
    # Tokens that end one text early would show as [PAD] behind it.
    generator = generator.with_options(skip_special_tokens=False, **options)
    together = generator.predict(PROMPTS, verbose=0)
    for row, prompt in enumerate(PROMPTS):
        alone = generator.predict([prompt], verbose=0)
        for name, values in alone.items():
            beside = together[name][row]
            if name == "generated_token_ids":
                assert not beside[:, values.shape[2] :].any()
                beside = beside[:, : values.shape[2]]
            assert np.array_equal(beside, values[0])


def test_answers_have_the_documented_keys(generator):
    assert {name: values.shape for name, values in generator(PROMPTS[:2]).items()} == {"generated_text": (2,)}
    several = generator.with_options(num_beams=2, num_return_sequences=2, return_tensors=True)
    answer = several.predict(PROMPTS[:2], verbose=0)
    assert answer["generated_text"].tolist() == answer["generated_texts"][:, 0].tolist()
    assert answer["length"].tolist() == [10, 7]
    assert answer["generated_token_ids"].shape == (2, 2, 10)
    assert several.predict(tf.constant([], tf.string), verbose=0)["generated_texts"].shape == (0, 2)


def test_a_prompt_without_tokens_and_one_of_broken_bytes_go_on(generator):
    bare = generator.with_options(add_special_tokens=False)
    texts = bare(tf.constant([b"", b"\xff the dog"]))["generated_text"].numpy()
    assert texts[0] == bare([""])["generated_text"][0].numpy()
    assert texts[1].decode().startswith("\ufffd the dog")
    assert bare.with_options(return_full_text=False)([""])["generated_text"][0].numpy() == texts[0]


def test_long_prompts_lose_their_beginning_unless_the_tokenizer_cuts(generator):
    words = LONG_TEXTS["300 words"]
    expected = generator([words])["generated_text"][0].numpy().removeprefix(words.encode())
    end = " ".join(words.split()[-200:])
    assert generator([end])["generated_text"][0].numpy() == end.encode() + expected
    cut = generator.with_options(handle_long_generation=None, max_length=40)
    beginning = " ".join(words.split()[:60])
    new = [cut([text])["generated_text"][0].numpy().removeprefix(text.encode()) for text in (words, beginning)]
    assert new[0] == new[1] != expected
    with pytest.raises(tf.errors.InvalidArgumentError, match="new tokens must fit the model"):
        generator.with_options(handle_long_generation=None)([words])


def test_sampling_repeats_itself_with_a_seed_only(generator):
    sampling = {"do_sample": True, "temperature": 2.0, "num_return_sequences": 3}
    drawn, seeded = generator.with_options(**sampling), generator.with_options(**sampling, seed=7)
    assert [task.is_random for task in (generator, drawn, seeded)] == [False, True, False]
    texts = [task(PROMPTS[:2])["generated_texts"].numpy().tolist() for task in (drawn, drawn, seeded, seeded)]
    assert texts[0] != texts[1]
    assert texts[2] == texts[3]
    assert len(set(texts[2][0])) > 1


@pytest.mark.slow
def test_it_learns_how_texts_go_on(folder):
    generator = TextGenerator.from_pretrained(folder, add_special_tokens=False, max_new_tokens=3, **STILL)
    generator.compile(BertAdamW(5e-3), run_eagerly=True)
    loss = generator.fit(STORIES, epochs=16, batch_size=4, verbose=0).history["loss"]
    assert loss[-1] < 0.3 * loss[0]
    dataset = tf.data.Dataset.from_tensor_slices(STORIES).batch(4)
    assert generator.evaluate(dataset, verbose=0) == pytest.approx(generator.evaluate(STORIES, verbose=0), rel=1e-4)
    answer = generator(["the movie was good and", "paris"])["generated_text"]
    assert [text.decode() for text in answer.numpy()] == ["the movie was good and i love it", "paris is not berlin"]


def test_its_loss_is_that_of_the_next_token(generator):
    text = TEXTS[0]
    generator.compile(run_eagerly=True)
    ids = generator.tokenizer([text])["input_ids"]
    logits = generator({"input_ids": ids})["logits"]
    found = generator.evaluate([text, "a"], sample_weight=[1.0, 0.0], verbose=0, batch_size=2)
    count = ids.shape[1] - 1
    expected = tf.nn.sparse_softmax_cross_entropy_with_logits(ids[:, 1:], logits[:, :-1])
    assert found == pytest.approx(float(tf.reduce_sum(expected)) / (count + 2), rel=1e-4)  # "a" has two labels


def test_it_reports_the_perplexity_of_the_next_token(generator):
    assert [metric.name for metric in generator.default_metrics()] == ["perplexity"]
    generator.compile(metrics=generator.default_metrics(), run_eagerly=True)
    found = generator.evaluate(STORIES, verbose=0, return_dict=True)  # in one batch
    assert found["perplexity"] == pytest.approx(np.exp(found["loss"]), rel=1e-4)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda g: g.with_options(max_new_tokens=64),
            ValueError,
            "`max_new_tokens` must be less than .* max_length, 64",
        ),
        (
            lambda g: g.with_options(max_new_tokens=None),
            ValueError,
            "`max_new_tokens` must be an integer of at least 1",
        ),
        (lambda g: g.with_options(temperature=0.5), ValueError, "`temperature` acts only with do_sample=True"),
        (lambda g: g.with_options(num_return_sequences=2), ValueError, "must not exceed `num_beams`"),
        (lambda g: g.with_options(seed=1), ValueError, "`seed` acts only with do_sample=True"),
        (lambda g: g.with_options(seed=-1, do_sample=True), ValueError, "`seed` must be an integer of at least 0"),
        (lambda g: g.with_options(return_full_text="no"), ValueError, "`return_full_text` must be True or False"),
        (lambda g: g.with_options(handle_long_generation="cut"), ValueError, "`handle_long_generation` must be one of"),
        (lambda g: g.with_options(penalty_alpha=1), TypeError, "has no option 'penalty_alpha'"),
        (lambda g: pipeline("text-generation", g)("a", max_length=9), ValueError, "Write max_new_tokens="),
        (lambda g: pipeline("text-generation", g)([["a"]]), TypeError, "takes a string, a list of strings"),
        (lambda g: g([("a", "b")]), ValueError, "must be one text a row"),
        (lambda g: g.fit(["a"], ["b"], verbose=0), ValueError, "texts alone: leave out `y`"),
        (
            lambda g: g.fit(tf.data.Dataset.from_tensor_slices((["a"], [1])), verbose=0),
            ValueError,
            "Leave the labels out",
        ),
    ],
)
def test_wrong_use_is_refused(generator, act, error, message):
    with pytest.raises(error, match=message):
        act(generator)


def test_a_model_that_is_no_decoder_is_refused(folder):
    with pytest.raises(ValueError, match="is_decoder=True"):
        TextGenerator.from_pretrained(folder, is_decoder=False)


def test_what_is_not_compiled_is_not_exported_as_such(generator, tmp_path):
    with pytest.raises(ValueError, match=r"are compiled\. Received: a decoder"):
        generator.export(tmp_path / "1", jit_compile=True)
