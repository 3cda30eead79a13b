"""`pipeline()` itself: names, models, streams, batches; what each task returns is tested with the task."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

import tfbert
from tests.tasks.pipelines.references import make_folder
from tfbert import TFBertForSequenceClassification, TFBertTokenizer, pipeline
from tfbert.tasks import TextClassifier, TextEmbedder
from tfbert.tasks.pipelines.pipeline import characters_before
from tfbert.tasks.registry import TASKS, find_task

TEXTS = ["a cat", "", "New York is old " * 9, "北京"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("sentiment"), "sentiment")


@pytest.fixture(scope="module")
def classify(folder):
    return pipeline("sentiment-analysis", model=str(folder))


@pytest.mark.parametrize("name", TASKS)
def test_every_name_has_a_task_and_a_pipeline(name):
    entry = TASKS[name]
    assert entry.task_class() is getattr(tfbert.tasks, entry.task)
    assert entry.task_class().task_name == name
    assert entry.pipeline_class().__name__ == f"{entry.task}Pipeline"
    assert all(find_task(alias) == name for alias in entry.aliases)


def test_the_task_follows_from_the_files(folder, classify):
    found = pipeline(model=folder)
    assert found.task.task_name == "text-classification"
    assert found(TEXTS) == classify(TEXTS)


@pytest.mark.slow
def test_models_of_every_kind_answer_alike(folder, classify, tmp_path):
    expected = classify(TEXTS)
    task = TextClassifier.from_pretrained(folder)
    task.save(tmp_path / "model.keras")
    path = task.export(tmp_path / "export" / "1")
    model, tokenizer = TFBertForSequenceClassification.from_pretrained(folder), TFBertTokenizer.from_pretrained(folder)
    made = [
        pipeline("text-classification", model=task),
        pipeline("text-classification", model=tmp_path / "model.keras"),
        pipeline(model=path),
        pipeline("text-classification", model=model, tokenizer=tokenizer),
        pipeline("text-classification", model=model, tokenizer=folder),
    ]
    for answer in made:
        for found, wanted in zip(answer(TEXTS), expected, strict=True):
            assert found["label"] == wanted["label"]
            assert found["score"] == pytest.approx(wanted["score"], abs=1e-6)


def test_streams_are_answered_as_they_come(classify):
    expected = classify(TEXTS)
    endless = (TEXTS[index % 4] for index in itertools.count())
    answers = itertools.islice(classify(endless, batch_size=2), 9)
    assert [answer["label"] for answer in answers] == [(expected * 3)[index]["label"] for index in range(9)]


def test_answers_before_a_wrong_row_come_before_its_error(classify):
    answers = classify((text for text in ["a cat", "old", 5, "new"]), batch_size=3)
    assert [next(answers)["label"], next(answers)["label"]] == [
        classify("a cat")[0]["label"],
        classify("old")[0]["label"],
    ]
    with pytest.raises(TypeError, match="Received: int"):
        next(answers)


def test_a_stream_is_answered_before_it_goes_on(classify):
    read = []
    answers = classify((read.append(text) or text for text in TEXTS), batch_size=2)
    next(answers)
    assert len(read) == 2


def test_single_texts_and_pairs_may_mix(classify):
    pair = {"text": "a cat", "text_pair": "old"}
    assert [answer["label"] for answer in classify(["a cat", pair, "new"])] == [
        classify("a cat")[0]["label"],
        classify(pair)["label"],
        classify("new")[0]["label"],
    ]


def test_long_arrays_of_options_are_told_apart(tmp_path):
    fill = pipeline(model=make_folder(tmp_path, "words"))
    first = np.array(["old", "red"] * 800, dtype=object)
    second = first.copy()
    second[700:800] = "city"
    found = [{answer["token_str"] for answer in fill("a [MASK]", targets=words)} for words in (first, second)]
    assert found == [{"old", "red"}, {"old", "red", "city"}]


def test_a_dataset_is_a_stream(classify):
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS)
    assert [answer["label"] for answer in classify(dataset)] == [answer["label"] for answer in classify(TEXTS)]


def test_options_of_the_pipeline_and_of_a_call(folder):
    answer = pipeline("text-classification", model=folder, top_k=2)
    assert [len(labels) for labels in answer(TEXTS)] == [2] * 4
    assert [len(labels) for labels in answer(TEXTS, top_k=1)] == [1] * 4
    assert answer.task_with({"top_k": 2}) is answer.task_with({"top_k": 2})


def test_an_empty_list_gives_an_empty_list(classify):
    assert classify([]) == []


def test_long_lists_keep_their_order(classify):
    texts = [f"cat {'old ' * (index % 7)}{index}" for index in range(1100)]
    answers = classify(texts, batch_size=256)
    assert [answers[index]["label"] for index in (0, 511, 1099)] == [
        classify(texts[index])[0]["label"] for index in (0, 511, 1099)
    ]
    assert len(answers) == 1100


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: pipeline("text-clasification", model=f), ValueError, "The tasks are: .*fill-mask.*ner"),
        (lambda f: pipeline("ner"), ValueError, "`model` is missing"),
        (lambda f: pipeline("ner", model=f), ValueError, "no trained head for token-classification"),
        (lambda f: pipeline("ner", model=TextClassifier.from_pretrained(f)), ValueError, "not for 'token-class"),
        (lambda f: pipeline("text-classification", model=f, tokenizer=f), ValueError, "goes with a model object"),
        (lambda f: pipeline(model=TFBertForSequenceClassification.from_pretrained(f)), ValueError, "needs both"),
        (lambda f: pipeline("text-classification", model=f, top_n=3), TypeError, "has no option 'top_n'"),
        (lambda f: pipeline("text-classification", model=f, top_k=0), ValueError, "`top_k` must be"),
        (lambda f: pipeline("text-classification", model=f)(3), TypeError, "takes a string"),
        (lambda f: pipeline("text-classification", model=f)(["a", 3]), TypeError, "Received: int"),
        (lambda f: pipeline("text-classification", model="/nowhere"), (OSError, ValueError), "/nowhere"),
        (lambda f: pipeline("text-classification", model=f, batch_size=0), ValueError, "`batch_size` must be"),
        (lambda f: pipeline("text-classification", model=f)("a", batch_size=-1), ValueError, "`batch_size` must be"),
        (
            lambda f: pipeline("ner", TFBertForSequenceClassification.from_pretrained(f), f),
            TypeError,
            "TokenClassifier needs a TFBertForTokenClassification",
        ),
    ],
)
def test_wrong_uses_say_what_to_write(folder, call, error, message):
    with pytest.raises(error, match=message):
        call(folder)


def test_a_folder_that_says_nothing(tmp_path, folder):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ValueError, match="says what it is for"):
        pipeline(model=tmp_path)


def test_a_bare_model_embeds_or_extracts(tmp_path):
    bare = make_folder(tmp_path, "embedder_mean")
    assert isinstance(pipeline(model=bare).task, TextEmbedder)


def test_offsets_count_characters():
    assert [characters_before("é北😀!", byte) for byte in (0, 2, 5, 9, 10)] == [0, 1, 2, 3, 4]
