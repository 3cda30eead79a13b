import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder, references
from tests.tasks.pipelines.same_answers import assert_same_answers, called
from tests.tasks.pipelines.texts import TEXTS
from tfbert import pipeline
from tfbert.layers import FastBertTokenizer
from tfbert.tasks import TokenClassifier
from tfbert.tasks.labels.span_labels import names_of_spans, words_of_spans
from tfbert.tasks.labels.token_labels import names_of_dataset
from tfbert.training import BertAdamW
from tfbert.training.metrics import Accuracy

REFERENCES = {reference.name: reference for reference in references("token-classification")}
# All strategies over all texts, cased and plain labels, windows, words and forms; the others are exhaustive.
SAMPLE = {
    *(f"entities, {strategy}" for strategy in ("none", "simple", "first", "average", "max")),
    *("entities_cased, first", "plain_labels, average", "['O', 'PER'] ignored, simple", "stride, average"),
    *("stride, max, organizations", "forms", "words, none", "words, simple", "words, first", "words, average"),
    *("words, max", "words without a space between"),
}
WORDS = [["the", "cat", "said"], ["i", "love", "the", "dog"], ["a", "wolfgang", "dog", "!"], ["you", "hate", "cats"]]
TAGS = [["O", "B-PET", "O"], ["O", "O", "O", "B-PET"], ["O", "B-PET", "I-PET", "O"], ["O", "O", "B-PET"]]
NAMES = {"B-PET": 0, "I-PET": 1, "O": 2}
QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return tmp_path_factory.mktemp("token_classification")


@pytest.fixture(scope="module")
def find(folders):
    """Return a function that makes the pipeline of a folder, once."""
    made = {}

    def of(model):
        if model not in made:
            made[model] = pipeline("ner", model=make_folder(folders, model))
        return made[model]

    return of


@pytest.fixture(scope="module")
def tagger(find):
    return find("entities").task


@pytest.fixture(scope="module")
def fresh(folders):
    """Return a function that makes a model with a new head."""
    folder = make_folder(folders, "features")
    return lambda **options: TokenClassifier.from_pretrained(folder, **QUIET, **options)


@pytest.fixture(scope="module")
def trained(fresh):
    """A model that learned WORDS and TAGS, and the history of its fit."""
    keras.utils.set_random_seed(0)
    model = fresh(aggregation_strategy="first", stride=4)
    assert model.learns_labels
    model.compile(BertAdamW(5e-3), metrics=model.default_metrics(), weighted_metrics=model.default_metrics())
    data = {"x": WORDS * 4, "y": TAGS * 4, "validation_data": (WORDS, TAGS)}
    return model, model.fit(**data, epochs=12, batch_size=8, verbose=0).history


def fit_once(model, x, y=None, **options):
    """One eager step, since tracing a graph takes longer."""
    model.compile("sgd", run_eagerly=True)
    return model.fit(x, y, shuffle=False, verbose=0, **options).history["loss"]


def assert_equal_answers(found, expected, rows=None):
    for name, values in expected.items():
        wanted = values if rows is None else values[rows]
        width = min(found[name].shape[-1], wanted.shape[-1]) if wanted.ndim == 2 else None
        one, other = found[name][..., :width], wanted[..., :width]
        if name == "score":
            np.testing.assert_allclose(one, other, atol=1e-6)
        else:
            np.testing.assert_array_equal(one, other)


# === Answers ===


@pytest.mark.parametrize(
    "name", [name if name in SAMPLE else pytest.param(name, marks=pytest.mark.exhaustive) for name in REFERENCES]
)
def test_the_pipeline_returns_what_hugging_faces_does(find, name):
    reference = REFERENCES[name]
    answer = find(reference.model)
    if reference.made_with:
        answer = pipeline("token-classification", model=answer.task, **reference.made_with)
    assert_same_answers(called(answer, reference), reference.outputs)


def test_answers_have_the_documented_keys(tagger):
    answers = tagger.predict(TEXTS[:4], verbose=0)
    assert set(answers) == {"entity", "word", "token_str", "score", "start", "end", "index", "length"}
    length = answers["length"]
    assert length.max() == answers["entity"].shape[1]
    for row, text in enumerate(TEXTS[:4]):
        for place in range(length[row]):
            start, end = answers["start"][row, place], answers["end"][row, place]
            assert answers["word"][row, place] == text.encode()[start:end].decode()
        assert answers["word"][row, length[row] :].tolist() == [""] * (length.max() - length[row])


def test_the_answer_to_a_text_does_not_depend_on_its_neighbours(tagger):
    first = tagger.with_options(aggregation_strategy="first", stride=8)
    first.compile(run_eagerly=True)
    texts = [TEXTS[3], "", TEXTS[-4], TEXTS[24]]
    together = first.predict(texts, verbose=0)
    for row, text in enumerate(texts):
        assert_equal_answers(first.predict([text], verbose=0), together, rows=[row])


def test_datasets_and_no_texts_are_answered(tagger):
    expected = tagger.predict(TEXTS[:3], verbose=0)
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS[:3])
    assert_equal_answers(tagger.predict(dataset, batch_size=2, verbose=0), expected)
    for empty in (tf.constant([], tf.string), dataset.take(0)):
        answers = tagger.predict(empty, verbose=0)
        assert {name: values.shape for name, values in answers.items()} == {
            name: (0,) if name == "length" else (0, 0) for name in expected
        }


def test_bytes_that_are_no_text_give_valid_words(tagger):
    answer = tagger.with_options(ignore_labels=[])(tf.constant([b"wolf\xff\xfegang \xe4\xb8", "ok"]))
    words = [word.decode("utf-8") for word in answer["word"].numpy().ravel()]
    assert any("wolf" in word for word in words)


def test_padding_on_the_left_is_not_counted(tagger):
    all_labels = tagger.with_options(ignore_labels=[])
    expected, found = (model(TEXTS[:3]) for model in (all_labels, all_labels.with_options(padding_side="left")))
    for name in ("index", "token_str", "word", "start", "end", "length"):
        np.testing.assert_array_equal(found[name], expected[name])


def test_old_names_of_the_strategies(find):
    answer, text = find("entities"), TEXTS[0]
    for old, strategy in (
        ({"grouped_entities": True}, "simple"),
        ({"grouped_entities": True, "ignore_subwords": True}, "first"),
        ({"ignore_subwords": True}, "none"),
    ):
        with pytest.warns(UserWarning, match=f"aggregation_strategy='{strategy}'"):
            assert answer(text, **old) == answer(text, aggregation_strategy=strategy)


def test_words_come_as_streams_too(find):
    answer = find("entities")
    rows = [text.split() for text in TEXTS[:3]]
    expected = answer(rows, is_split_into_words=True)
    assert_same_answers(list(answer(iter(rows), is_split_into_words=True)), expected)
    assert_same_answers(answer(rows[0], is_split_into_words=True), expected[:1])


# === Training ===


@pytest.mark.slow
def test_it_learns_labels_of_words(trained):
    model, history = trained
    assert history["val_loss"][-1] < 0.3 * history["val_loss"][0]
    assert model.config.label2id == NAMES
    assert model.evaluate(WORDS, TAGS, verbose=0, return_dict=True)["accuracy"] == 1.0
    answers = model([" ".join(words) for words in WORDS])
    assert [word.decode() for word in answers["word"].numpy()[:, 0]] == ["cat", "dog", "wolfgang dog", "cats"]
    assert set(answers["entity"].numpy()[:, 0]) == {b"PET"}


@pytest.mark.parametrize("form", ["keras", "folder"])
def test_a_saved_model_answers_alike(trained, tmp_path, form):
    model = trained[0].with_options(ignore_labels=["O", "X"])
    texts = [" ".join(words) for words in WORDS]
    if form == "keras":
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
    else:
        model.save_pretrained(tmp_path)
        again = TokenClassifier.from_pretrained(tmp_path, **model.options())
    assert again.options() == {"aggregation_strategy": "first", "ignore_labels": ["O", "X"], "stride": 4}
    assert not again.has_new_head
    assert_equal_answers(
        {name: values.numpy() for name, values in again(texts).items()},
        {name: values.numpy() for name, values in model(texts).items()},
    )


def test_spans_train_as_the_words_that_they_are_in(trained, fresh):
    texts = ["the cat, the dog!", "cat"]
    spans = [[{"start": 4, "end": 16, "label": "PET"}], [{"start": 0, "end": 3, "label": "PET"}]]
    words = [["the", "cat", ",", "the", "dog", "!"], ["cat"]]
    tags = [["O", "B-PET", "I-PET", "I-PET", "I-PET", "O"], ["B-PET"]]
    by_spans = trained[0].evaluate(texts, spans, verbose=0, return_dict=True)
    assert by_spans == trained[0].evaluate(words, tags, verbose=0, return_dict=True)
    model = fresh()
    fit_once(model, texts[1:], spans[1:])
    assert model.config.label2id == NAMES


def test_spans_of_any_script_become_words():
    tokenizer = FastBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "wolf", "##gang", "北", "京", "e", "##e", "in", "."])
    text = "Éé wolfgang.wolf in 北京"

    def span(part, label):
        return {"start": text.index(part), "end": text.index(part) + len(part), "label": label}

    words, labels = words_of_spans(
        tokenizer, [text, ""], [[span("北京", "LOC"), span("é", "PER"), span("gang.wolf", "ORG")], []]
    )
    assert words == [["Éé", "wolfgang", ".", "wolf", "in", "北", "京"], []]
    assert labels == [["B-PER", "B-ORG", "I-ORG", "I-ORG", "O", "B-LOC", "I-LOC"], []]
    assert names_of_spans([[span("in", "X")]]) == ["B-X", "I-X", "O"]


def test_the_label_stands_at_the_first_piece_of_each_word(fresh):
    model = fresh(id2label={0: "O", 1: "B-PET", 2: "I-PET"}, max_length=8)
    words = [["wolfgang", "", "the\ncats", "said"], ["cat"] * 9]
    columns = model.read_training_inputs(words)
    inputs, labels = model.training_batch(columns, model.prepare_labels([[1, 2, 2, 0], [0, "I-PET"] * 4 + [0]]))
    assert set(inputs) == {"input_ids", "attention_mask", "token_type_ids"}
    # [CLS] wolf ##gang the cat ##s said [SEP]
    assert labels.numpy().tolist() == [
        [-100, 1, -100, 2, -100, -100, 0, -100],
        [-100, 0, 2, 0, 2, 0, 2, -100],
    ]


@pytest.mark.parametrize("form", ["ragged names", "ragged numbers", "dense names", "dense numbers"])
def test_datasets_hold_batches_of_words_and_labels(trained, form):
    kind, of = form.split()
    words = tf.ragged.constant(WORDS)
    labels = tf.ragged.constant(TAGS if of == "names" else [[NAMES[tag] for tag in row] for row in TAGS])
    if kind == "dense":
        words, labels = words.to_tensor(""), labels.to_tensor("" if of == "names" else -100)
    dataset = tf.data.Dataset.from_tensor_slices((words, labels))
    dataset = dataset.ragged_batch(2) if kind == "ragged" else dataset.batch(2)
    assert names_of_dataset(dataset) == (sorted(NAMES) if of == "names" else None)
    found = trained[0].evaluate(dataset, verbose=0, return_dict=True)
    assert found == pytest.approx(trained[0].evaluate(WORDS, TAGS, batch_size=2, verbose=0, return_dict=True))


def test_a_dataset_teaches_names(fresh):
    model = fresh()
    rows = tf.data.Dataset.from_tensor_slices((tf.ragged.constant(WORDS), tf.ragged.constant(TAGS)))
    loss = fit_once(model, rows.ragged_batch(4))
    assert model.config.label2id == NAMES
    assert 0 < loss[0] < 3


def test_weights_of_texts_reach_the_loss(trained):
    def loss(**options):
        return trained[0].evaluate(WORDS, TAGS, verbose=0, return_dict=True, **options)["loss"]

    assert loss(sample_weight=[2.0] * 4) == pytest.approx(2 * loss(), rel=1e-4)
    assert loss(sample_weight=[0.0] * 4) == 0.0


def test_accuracy_weighs_tokens_by_their_text():
    metric = Accuracy()
    metric.update_state([[1, -100], [0, 0]], tf.one_hot([[1, 1], [1, 0]], 2), tf.constant([3.0, 1.0]))
    assert float(metric.result()) == pytest.approx(4 / 5)


# === Wrong uses ===


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aggregation_strategy": "mean"}, "`aggregation_strategy` must be one of .*'simple'.*Received: 'mean'"),
        ({"aggregation_strategy": None}, "`aggregation_strategy` must be"),
        ({"ignore_labels": "O"}, r"`ignore_labels` a list of names, such as \['O'\]"),
        ({"stride": 4}, "Write aggregation_strategy='simple'"),
        ({"stride": -1, "aggregation_strategy": "max"}, "`stride` must be None or an integer of at least 0"),
        ({"stride": 62, "aggregation_strategy": "max"}, "`stride` must be less than the 62 tokens"),
    ],
)
def test_wrong_options_are_refused(tagger, options, message):
    with pytest.raises(ValueError, match=message):
        tagger.with_options(**options)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (WORDS, TAGS[:3], ValueError, r"`y` must have one entry for each text, 4\. Received: 3"),
        (WORDS[:1], [["O"]], ValueError, "3 words and 1 labels at row 0"),
        (
            WORDS[:1],
            [["O", "B-PET", "B-CAR"]],
            ValueError,
            "Unknown label 'B-CAR' of word 2 at row 0; the model has 'B-PET'",
        ),
        (WORDS[:1], [[0, 1, 9]], ValueError, "Unknown label 9 of word 2 at row 0"),
        (WORDS[:1], [[0, 1, 0.5]], ValueError, "Unknown label 0.5"),
        (WORDS[:1], ["O"], TypeError, "`y` must hold a list for each text"),
        (WORDS[:1], None, ValueError, "`y` is missing"),
        (["the cat"], [["O", "B-PET"]], ValueError, r"Labels of words go with words: give text.split\(\)"),
        (["the cat"], [[{"start": 4, "end": 9, "label": "PET"}]], ValueError, "No characters of the text of 7 are in"),
        (["the cat"], [[{"start": "4", "end": 7, "label": "PET"}]], ValueError, "whole numbers"),
        (["the cat"], [], ValueError, r"one entry for each text, 1\. Received: 0"),
        (
            ["the cat"],
            [[{"start": 0, "end": 7, "label": "PET"}, {"start": 4, "end": 7, "label": "PET"}]],
            ValueError,
            "Spans must not lie over each other",
        ),
    ],
)
def test_wrong_labels_are_refused(trained, x, y, error, message):
    with pytest.raises(error, match=message):
        trained[0].evaluate(x, y, verbose=0)


def test_labels_that_cannot_be_learned_are_refused(fresh):
    with pytest.raises(ValueError, match="at least two different labels"):
        fresh().fit(WORDS[:1], [["O"] * 3], verbose=0)
    with pytest.raises(ValueError, match="holds 3 different labels, but the model was made with num_labels=5"):
        fresh(num_labels=5).fit(WORDS, TAGS, verbose=0)
    rows = tf.data.Dataset.from_tensor_slices((tf.ragged.constant(WORDS), tf.ragged.constant(TAGS)))
    with pytest.raises(ValueError, match="endless"):
        fresh().fit(rows.ragged_batch(2).repeat(), steps_per_epoch=1, verbose=0)
    dense = tf.data.Dataset.from_generator(lambda: zip(WORDS, TAGS), output_types=(tf.string, tf.string))
    with pytest.raises(ValueError, match=r"dataset.ragged_batch\(32\)"):
        fresh().fit(dense.map(lambda words, tags: (tf.ensure_shape(words, [None]), tf.ensure_shape(tags, [None]))))


def test_entities_are_scored_where_labels_were_named_after_compile(trained):
    _, history = trained  # compiled with its default metrics before it knew a label
    assert history["val_f1"][-1] > 0.5
    assert np.isfinite(history["f1"]).all()


def test_words_of_single_texts_are_batched(trained):
    rows = tf.data.Dataset.from_tensor_slices((tf.ragged.constant(WORDS), tf.ragged.constant(TAGS)))
    expected = trained[0].evaluate(WORDS, TAGS, verbose=0)
    assert trained[0].evaluate(rows, verbose=0) == pytest.approx(expected, abs=1e-5)


def test_unknown_labels_of_a_dataset_are_refused(trained):
    wrong = tf.data.Dataset.from_tensor_slices((tf.constant([["the", "cat"]]), tf.constant([["O", "B-CAR"]]))).batch(1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Unknown label"):
        trained[0].evaluate(wrong, verbose=0)


def test_wrong_inputs_of_the_pipeline_are_refused(find):
    answer = find("entities")
    with pytest.raises(TypeError, match="For lists of words write is_split_into_words=True"):
        answer([["the", "cat"]])
    with pytest.raises(TypeError, match="every text must be a list of words"):
        answer(["the cat", 3], is_split_into_words=True)
    with pytest.raises(ValueError, match=r"Received the keys: .*text_pair"):
        answer({"text": "the cat", "text_pair": "a dog"})
    with pytest.raises(TypeError, match="no option 'top_k'"):
        answer("the cat", top_k=2)
