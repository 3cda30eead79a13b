"""MaskFiller and its pipeline: the peer's answers, texts of many masks, training, wrong uses."""

import json
import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.models import MODELS
from tests.tasks.pipelines.references import make_folder, references
from tests.tasks.pipelines.same_answers import assert_same_answers, called
from tests.tasks.pipelines.texts import TEXTS
from tfbert.tasks import MaskFiller, pipeline
from tfbert.tasks.labels.masking import hide_tokens, labels_at, positions_of
from tfbert.training import BertAdamW
from tfbert.training.callbacks.epochs import Epochs

REFERENCES = {case.name: case for case in references("fill-mask")}
# Together they use every option on all texts; the others run under the marker `exhaustive`.
SAMPLE = (
    *("default", "cased", "several masks", "several masks, cased", "targets: one string", "targets: unknown words"),
    *("targets, several masks", "targets before", "forms"),
)
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}  # learns in fewer steps
MASKED = ["the [MASK] was good", "[MASK] bought a [MASK] in [MASK] .", "[MASK]"]
PAIRS = (
    ["the [MASK] was good", "i love [MASK]", "she [MASK] the old house", "the dog and the [MASK]"],
    ["the movie was good", "i love paris", "she sold the old house", "the dog and the cat"],
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folders of the references' models, by name."""
    path = tmp_path_factory.mktemp("models")
    return {name: make_folder(path, name) for name in ("words", "words_cased")}


@pytest.fixture(scope="module")
def fillers(folders):
    return {name: MaskFiller.from_pretrained(folder) for name, folder in folders.items()}


@pytest.fixture(scope="module")
def filler(fillers):
    return fillers["words"]


@pytest.fixture
def fresh(folders):
    """A task to train, in eager steps."""
    task = MaskFiller.from_pretrained(folders["words"], **STILL)
    task.compile(BertAdamW(5e-3), run_eagerly=True)
    return task


def check(fillers, name):
    case = REFERENCES[name]
    pipe = pipeline("fill-mask", fillers[case.model], **case.made_with)
    for found, expected in zip(called(pipe, case), case.outputs, strict=True):
        assert_same_answers(found, expected)


@pytest.mark.parametrize("name", SAMPLE)
def test_outputs_are_hugging_faces(fillers, name):
    check(fillers, name)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", sorted(set(REFERENCES) - set(SAMPLE)))
def test_outputs_of_further_calls_are_hugging_faces(fillers, name):
    check(fillers, name)


def test_answers_have_the_documented_keys_and_nothing_behind_the_last_mask(filler):
    answer = filler.predict(MASKED, verbose=0)
    assert {name: values.shape for name, values in answer.items()} == {
        **dict.fromkeys(("token_str", "token", "score", "sequence"), (3, 3, 5)),
        "length": (3,),
    }
    assert answer["length"].tolist() == [1, 3, 1]
    assert answer["sequence"][0, 0, 0] == f"the {answer['token_str'][0, 0, 0]} was good"
    assert answer["sequence"][1, 2, 0] == f"[CLS] [MASK] bought a [MASK] in {answer['token_str'][1, 2, 0]}. [SEP]"
    for name, padding in {"token_str": "", "token": 0, "score": 0, "sequence": ""}.items():
        assert (answer[name][0, 1:] == padding).all()


def test_a_row_does_not_depend_on_its_neighbours(filler):
    together = filler(MASKED)
    for row, text in enumerate(MASKED):
        alone = filler([text])
        masks = int(alone["length"][0])
        for name in ("token_str", "token", "sequence"):
            assert together[name][row, :masks].numpy().tolist() == alone[name][0].numpy().tolist()
        np.testing.assert_allclose(together["score"][row, :masks], alone["score"][0], atol=1e-6)


def test_logits_stand_at_the_masks_alone(filler):
    features = filler.tokenize(filler.read_inputs(MASKED))
    positions = features.pop("mask_positions").numpy()
    assert positions.tolist() == [[2, -1, -1], [1, 4, 6], [1, -1, -1]]
    everywhere = filler(features)["logits"].numpy()
    at_masks = filler({**features, "mask_positions": positions})["logits"]
    assert at_masks.shape == (3, 3, filler.config.vocab_size)
    for row, mask in np.argwhere(positions >= 0):
        np.testing.assert_allclose(at_masks[row, mask], everywhere[row, positions[row, mask]], atol=1e-5)


def test_no_rows_and_a_served_row_without_a_mask_are_answered(filler):
    nothing = filler.predict(tf.constant([], tf.string), verbose=0)
    assert nothing["sequence"].shape == (0, 0, 5)
    serve = tf.function(lambda text: filler({"text": text}), input_signature=[tf.TensorSpec([None], tf.string)])
    answer = serve(tf.constant(["", "none", *MASKED[:1]]))
    assert answer["length"].numpy().tolist() == [0, 0, 1]
    assert answer["token_str"][:2].numpy().tolist() == [[[b""] * 5]] * 2
    assert serve(tf.constant(["none"]))["score"].shape == (1, 0, 5)


def test_every_form_of_text_is_answered(filler):
    expected = filler.predict(MASKED, verbose=0)["token"].tolist()
    dataset = tf.data.Dataset.from_tensor_slices(MASKED)
    for form in (tuple(MASKED), np.array(MASKED), {"text": MASKED}, dataset, dataset.batch(2)):
        assert filler.predict(form, verbose=0)["token"].tolist() == expected
    assert filler(MASKED[0])["token"].numpy().tolist() == [expected[0][:1]]


def test_targets_that_are_no_piece_count_as_their_first_with_a_warning(filler, caplog):
    with caplog.at_level(logging.WARNING, "tfbert"):
        chosen = filler.with_options(targets=["wolfgang", "", "dog"], top_k=9)
    assert ["'wolfgang' is no piece" in line for line in caplog.messages] == [True, False]
    assert "'' has no piece" in caplog.messages[1]
    answer = chosen(MASKED[:1])
    assert set(answer["token_str"].numpy().ravel()) == {b"wolf", b"dog"}


def test_the_folder_says_whether_blanks_are_taken_out(fillers, tmp_path):
    assert [fillers[name].clean_up_tokenization_spaces for name in ("words", "words_cased")] == [False, True]
    cleaned, plain = (fillers[name](["don ' t [MASK]"])["sequence"][0, 0, 0] for name in ("words_cased", "words"))
    assert cleaned.numpy().startswith(b"don't")
    assert plain.numpy().startswith(b"don ' t")
    fillers["words_cased"].save_pretrained(tmp_path)
    assert json.loads((tmp_path / "tokenizer_config.json").read_text())["clean_up_tokenization_spaces"] is True
    assert MaskFiller.from_pretrained(tmp_path).clean_up_tokenization_spaces


@pytest.mark.parametrize("predict", ["__call__", "predict"])
def test_a_text_without_a_mask_is_refused(filler, predict):
    with pytest.raises(ValueError, match=r"No mask_token \(\[MASK\]\) found on the input at row 1. Write \[MASK\]"):
        getattr(filler, predict)([*MASKED[:1], "the movie", *MASKED[1:]])


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda filler: pipeline("fill-mask", filler)("the movie"), ValueError, "No mask_token"),
        (lambda filler: filler(["long " * 100 + "[MASK]"]), ValueError, "within the 64 tokens"),
        (lambda filler: filler.with_options(targets=[]), ValueError, "`targets` must hold at least one word"),
        (lambda filler: filler.with_options(targets=["", " "]), ValueError, "`targets` must hold at least one word"),
        (lambda filler: filler.with_options(targets=[3]), TypeError, "`targets` must be a list of words"),
        (lambda filler: filler.with_options(top_k=0), ValueError, "`top_k` must be an integer of at least 1"),
        (lambda filler: filler.with_options(k=1), TypeError, "has no option 'k'; it has top_k, targets"),
        (lambda filler: filler([("a [MASK]", "b")]), ValueError, "must be one text a row"),
        (lambda filler: filler.fit(["a"], [1], verbose=0), TypeError, "`y` must hold strings only"),
        (lambda filler: filler.fit(["a"], [("a", "b")], verbose=0), ValueError, "one full text for each"),
        (
            lambda filler: filler.fit(tf.data.Dataset.from_tensor_slices((["a"], [1])), verbose=0),
            ValueError,
            "Received labels of int32: leave them out",
        ),
        (lambda filler: filler.with_options(mask_token="<mask>"), ValueError, "must know its mask_token, '<mask>'"),
    ],
)
def test_wrong_use_is_refused(filler, act, error, message):
    with pytest.raises(error, match=message):
        act(filler)


def test_full_texts_of_another_length_are_refused(fresh):
    with pytest.raises(tf.errors.InvalidArgumentError, match="one piece in place of each"):
        fresh.fit(["the [MASK]"], ["the old dog"], verbose=0)


@pytest.mark.slow
def test_it_learns_what_stood_behind_masks(fresh):
    masked, full = PAIRS
    loss = fresh.fit(masked, full, epochs=14, batch_size=4, verbose=0).history["loss"]
    assert loss[-1] < 0.1 * loss[0]
    assert [row[0][0] for row in fresh(masked)["token_str"].numpy()] == [b"movie", b"paris", b"sold", b"cat"]
    dataset = tf.data.Dataset.from_tensor_slices(PAIRS).batch(4)
    assert fresh.evaluate(dataset, verbose=0) == pytest.approx(fresh.evaluate(masked, full, verbose=0), rel=1e-4)


@pytest.mark.slow
def test_it_learns_from_texts_alone(folders):
    texts = PAIRS[1] * 6
    filler = MaskFiller.from_pretrained(folders["words"], **STILL)
    filler.compile(BertAdamW(5e-3))
    loss = filler.fit(texts, epochs=6, batch_size=8, validation_split=0.25, verbose=0).history
    assert loss["loss"][-1] < 0.6 * loss["loss"][0]
    assert loss["val_loss"][-1] < 0.6 * loss["loss"][0]


def test_each_epoch_hides_other_tokens_and_the_same_seed_the_same_ones(filler):
    epochs = Epochs(seed=4)
    dataset = filler._tokenized(tf.data.Dataset.from_tensor_slices({"text": PAIRS[1]}).batch(4), epochs)

    def seen():
        found = []
        for epochs.number in range(8):
            found += [labels.numpy().tolist() for _, labels in dataset]
        return found

    first = seen()
    assert len({str(labels) for labels in first}) > 4  # another choice in each epoch
    assert first == seen()


def test_weights_count_where_there_are_no_labels(filler):
    filler.compile(run_eagerly=True)
    texts, found = TEXTS[:4], []
    for weight in (1.0, 3.0):
        keras.utils.set_random_seed(4)
        found.append(filler.evaluate(texts, sample_weight=[weight] * 4, verbose=0))
    assert found[1] == pytest.approx(3 * found[0], rel=1e-5)


def test_hidden_tokens_are_drawn_as_in_the_paper():
    mask, pieces = 4, 1000
    ids = np.random.RandomState(0).randint(5, pieces, (400, 40)).astype(np.int32)
    may_hide = np.tile(np.arange(40) % 40 != 0, (400, 1))
    may_hide[:3] = [[False] * 40, [False] * 39 + [True], [True] * 3 + [False] * 37]
    seen, positions, labels = (tensor.numpy() for tensor in hide_tokens(ids, may_hide, mask, pieces, [1, 2]))
    count = (positions >= 0).sum(1)
    assert positions.shape == labels.shape == (400, 6)
    assert count[:3].tolist() == [0, 1, 1]
    assert (count[3:] == 6).all()  # 15 % of 39
    row, number = np.nonzero(positions >= 0)
    column = positions[row, number]
    assert may_hide[row, column].all()
    assert (labels[row, number] == ids[row, column]).all()
    assert (labels[positions < 0] == -100).all()
    shown = seen[row, column]
    assert np.mean(shown == mask) == pytest.approx(0.8, abs=0.03)
    assert np.mean((shown != mask) & (shown != ids[row, column])) == pytest.approx(0.1, abs=0.03)
    assert np.mean(shown == ids[row, column]) == pytest.approx(0.1, abs=0.03)
    hidden = np.zeros_like(may_hide)
    hidden[row, column] = True
    np.testing.assert_array_equal(seen[~hidden], ids[~hidden])


def test_positions_of_no_rows_and_of_none():
    assert positions_of(tf.zeros([0, 3], tf.bool)).shape == (0, 0)
    nowhere = positions_of(tf.zeros([2, 3], tf.bool))
    assert nowhere.shape == (2, 0)
    assert labels_at(tf.ones([2, 3], tf.int32), nowhere).shape == (2, 0)


def test_the_vocabulary_of_the_references_has_the_words_used_here():
    assert set(" ".join(PAIRS[1]).split()) <= set(MODELS["words"].vocabulary)


def test_masks_are_filled_by_the_compiled_program(folders, fillers):
    compiled = MaskFiller.from_pretrained(folders["words"], execution="xla")
    found, expected = (filler.predict(MASKED, verbose=0) for filler in (compiled, fillers["words"]))
    np.testing.assert_allclose(found["score"], expected["score"], atol=1e-5)
    ids, masked = compiled.model._program._functions, compiled.tokenizer(MASKED)["input_ids"]
    assert len(ids) == 1
    compiled.model(masked)
    assert len(ids) == 1  # the one that calls with ids, and `warm_up`, run too
