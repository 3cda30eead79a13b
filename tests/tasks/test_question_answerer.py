"""QuestionAnswerer and its pipeline: the peer's answers, every input form, training, wrong uses."""

import re

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder, references
from tests.tasks.pipelines.texts import CONTEXTS, LONG_TEXTS
from tfbert.tasks import QuestionAnswerer, pipeline
from tfbert.tasks.labels.answer_labels import read_answers
from tfbert.training import BertAdamW

REFERENCES = {reference.name: reference for reference in references("question-answering")}
ROWS = {
    "question": ["Where does Wolfgang live?", "?", "你爱谁？", "When?"],
    "context": ["Wolfgang lives in New York.", "   ", "我爱北京。 Café déjà vu 😀 أحب القاهرة", CONTEXTS["context 3"]],
}
NOUNS = ["cat", "movie"]
SENTENCES = ["the {} sat on the mat", "i love the {} today", "you hate an awful {}", "Café déjà vu : {} !"]


@pytest.fixture(scope="module")
def answerer(tmp_path_factory):
    """The model of the references."""
    return QuestionAnswerer.from_pretrained(make_folder(tmp_path_factory.mktemp("model"), "answers"))


@pytest.fixture
def fresh(tiny_folder):
    """A task with a new head, in windows of 16 tokens."""
    return QuestionAnswerer.from_pretrained(tiny_folder("model_gelu_l2"), max_seq_len=16, doc_stride=4)


@pytest.fixture(scope="module")
def nouns():
    """Contexts, and where the noun of each stands, as SQuAD writes it."""
    rows = [(sentence.format(noun), noun) for sentence in SENTENCES for noun in NOUNS]
    answers = [{"answer_start": [context.index(noun)], "text": [noun]} for context, noun in rows]
    return {"question": ["who ?"] * len(rows), "context": [context for context, _ in rows]}, answers


def answers_in(output):
    """All answers of an output, whatever its nesting."""
    return [output] if isinstance(output, dict) else [answer for part in output for answer in answers_in(part)]


def without_scores(output):
    if isinstance(output, dict):
        return {name: value for name, value in output.items() if name != "score"}
    return [without_scores(part) for part in output]


def called(answer, reference):
    """What the calls of a reference return; rows of one question share a call, as batches must not matter."""
    rows = [value for value in reference.inputs if isinstance(value, dict) and isinstance(value["question"], str)]
    found = iter(answer(rows, **reference.options)) if len(rows) > 1 else None
    for value in reference.inputs:
        if found is not None and value in rows:
            yield next(found)
        elif isinstance(value, dict):
            yield answer(**value, **reference.options)
        else:
            yield answer(value, **reference.options)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_pipeline_answers_as_the_peer_does(answerer, name):
    reference = REFERENCES[name]
    outputs = list(called(pipeline("question-answering", answerer, **reference.made_with), reference))
    assert [without_scores(output) for output in outputs] == [without_scores(output) for output in reference.outputs]
    assert [list(answer) for answer in answers_in(outputs)] == [list(a) for a in answers_in(reference.outputs)]
    expected = [answer["score"] for answer in answers_in(reference.outputs)]
    np.testing.assert_allclose([answer["score"] for answer in answers_in(outputs)], expected, rtol=0, atol=1e-5)


def test_answers_have_the_documented_keys_and_point_into_the_context(answerer):
    task = answerer.with_options(top_k=3)
    found = task.predict(ROWS, verbose=0)
    assert {name: (values.shape, values.dtype) for name, values in found.items()} == {
        "answer": ((4, 3), object),
        "score": ((4, 3), np.float32),
        "start": ((4, 3), np.int32),
        "end": ((4, 3), np.int32),
        "length": ((4,), np.int32),
    }
    assert found["length"].tolist() == [3, 1, 3, 3]
    for row, context in enumerate(ROWS["context"]):
        cuts = [context.encode()[s:e].decode() for s, e in zip(found["start"][row], found["end"][row])]
        assert cuts == found["answer"][row].tolist()
        assert (found["score"][row, found["length"][row] :] == 0).all()
    called = task(ROWS)
    for name, values in found.items():
        other = called[name].numpy()
        np.testing.assert_allclose(values, other, atol=1e-6) if name == "score" else np.testing.assert_array_equal(
            values, np.vectorize(bytes.decode)(other) if name == "answer" else other
        )


def test_a_row_has_the_same_answers_alone(answerer):
    task = answerer.with_options(top_k=5, handle_impossible_answer=True, max_seq_len=40)
    together = task(ROWS)
    for row in range(len(ROWS["question"])):
        alone = task({name: [texts[row]] for name, texts in ROWS.items()})
        for name, values in alone.items():
            if name == "score":
                np.testing.assert_allclose(values[0], together[name][row], atol=1e-6)
            else:
                assert values[0].numpy().tolist() == together[name][row].numpy().tolist()


@pytest.mark.parametrize(
    "form",
    [
        lambda: [dict(zip(ROWS, row)) for row in zip(*ROWS.values())],
        lambda: {name: tuple(texts) for name, texts in ROWS.items()},
        lambda: {name: np.array(texts) for name, texts in ROWS.items()},
        lambda: {name: pd.Series(texts) for name, texts in ROWS.items()},
        lambda: {name: tf.constant(texts) for name, texts in ROWS.items()},
        lambda: tf.data.Dataset.from_tensor_slices(ROWS),
        lambda: tf.data.Dataset.from_tensor_slices((ROWS, [0] * 4)).batch(3),
    ],
    ids=["dicts", "tuples", "arrays", "Series", "tensors", "dataset of rows", "dataset with labels"],
)
def test_every_form_of_input_has_the_same_answers(answerer, form):
    expected, found = (answerer.predict(rows, verbose=0)["answer"].tolist() for rows in (ROWS, form()))
    assert found == expected


def test_without_rows_there_are_no_answers(answerer):
    nothing = {name: tf.constant([], tf.string) for name in ROWS}
    for found in (answerer(nothing), answerer.predict(nothing, verbose=0)):
        assert found["answer"].shape == (0, 1)
        assert found["length"].shape == (0,)


def test_a_graph_answers_empty_texts_with_nothing(answerer):
    task = answerer.with_options(handle_impossible_answer=True)
    serve = tf.function(lambda question, context: task({"question": question, "context": context}), autograph=False)
    found = serve(tf.constant(["", "When?", "When?"]), tf.constant(["night", "", "night"]))
    assert found["length"].numpy().tolist() == [0, 0, 1]
    assert found["answer"].numpy()[:2].tolist() == [[b""], [b""]]
    assert found["score"].numpy()[:2].tolist() == [[0.0], [0.0]]


def test_streams_and_positions_of_the_pipeline(answerer):
    answer = pipeline("question-answering", answerer)
    rows = [dict(zip(ROWS, row)) for row in zip(*ROWS.values())]
    expected = answer(rows)
    assert list(answer(row for row in rows)) == expected
    assert list(answer(tf.data.Dataset.from_tensor_slices(ROWS))) == expected
    assert answer(*rows) == expected
    assert answer(question=ROWS["question"], context=ROWS["context"], padding="max_length") == expected
    # Sums of other batches round otherwise.
    alone = {**expected[0], "score": pytest.approx(expected[0]["score"], rel=1e-5)}
    assert answer(rows[0]["question"], rows[0]["context"]) == alone
    assert answer(question=ROWS["question"][:1], context=ROWS["context"][0]) == alone
    assert answer([]) == []


def test_ids_are_one_row_each(answerer):
    ids = answerer.ids_of({"question": tf.constant(["When?"]), "context": tf.constant([LONG_TEXTS["300 words"]])})
    assert {name: values.shape for name, values in ids.items()} == dict.fromkeys(
        ("input_ids", "attention_mask", "token_type_ids"), (1, 64)
    )
    logits = answerer(ids)
    assert logits["start_logits"].shape == logits["end_logits"].shape == (1, 64)


# === Training ===


def test_it_learns_where_the_answer_stands(fresh, nouns):
    x, answers = nouns
    x = {name: [*texts, text] for (name, texts), text in zip(x.items(), ["who ?", "very happy"])}
    answers = [*answers, {"answer_start": [], "text": []}]
    fresh.compile(BertAdamW(1e-2))
    many = {name: texts * 20 for name, texts in x.items()}
    history = fresh.fit(many, answers * 20, epochs=2, batch_size=9, verbose=0).history
    assert history["loss"][-1] < 0.5 < history["loss"][0]
    task = fresh.with_options(handle_impossible_answer=True)
    assert task.predict(x, verbose=0)["answer"][:, 0].tolist() == NOUNS * len(SENTENCES) + [""]
    assert not task.has_new_head


def test_answers_are_read_in_any_form():
    rows = [(4, "cat"), (0, "é"), (0, "")]
    starts, texts = map(list, zip(*rows))
    forms = [
        {"answer_start": starts, "text": texts},
        {"answer_start": np.array(starts), "text": pd.Series(texts)},
        {"answer_start": [4, 0, -1], "text": [text.encode() for text in texts]},
        {"answer_start": [[4, 9], [0], []], "text": [["cat", "a cat"], ["é"], []]},
        [{"answer_start": start, "text": text} for start, text in rows],
        [{"answer_start": [start], "text": [text]} for start, text in rows[:2]] + [{"answer_start": [], "text": []}],
    ]
    assert [read_answers(form) for form in forms] == [rows] * len(forms)


def test_a_dataset_has_the_same_loss_and_weights_are_those_of_rows(fresh, nouns):
    x, answers = nouns
    fresh.compile(BertAdamW(1e-3), run_eagerly=True)
    columns = {key: [answer[key][0] for answer in answers] for key in ("answer_start", "text")}
    expected = fresh.evaluate(x, answers, verbose=0)  # loss, exact match, F1
    assert expected[0] > 0
    assert fresh.evaluate(tf.data.Dataset.from_tensor_slices((x, columns)), verbose=0) == pytest.approx(expected)
    history = fresh.fit(x, answers, sample_weight=[0.0] * 6 + [1.0] * 2, validation_split=0.25, verbose=0).history
    assert history["loss"] == [0.0]
    assert history["val_loss"][0] > 0


def test_labels_stand_in_the_windows_that_show_the_answer(fresh):
    context = "Café déjà vu . i love the running dog today , you hate the unaffable cat"
    answers = {"answer_start": [context.index("running dog")] * 2, "text": ["running dog", ""]}
    rows = {name: tf.constant([text] * 2) for name, text in (("question", "who ?"), ("context", context))}
    labels = fresh.prepare_labels([*zip(*answers.values())])
    inputs, positions, weights = fresh.training_batch(rows, labels, tf.constant([1.0, 2.0]))
    ids = inputs["input_ids"].numpy()
    table = fresh.tokenizer.token_table.tokens
    shown = [
        [table[index] for index in row[start : end + 1]]
        for row, start, end in zip(ids, *(positions[key].numpy() for key in ("start_positions", "end_positions")))
    ]
    whole = ["run", "##ning", "dog"]
    windows = len(ids) // 2
    assert windows > 2
    assert shown[windows:] == [["[CLS]"]] * windows
    assert weights.numpy().tolist() == [1.0] * windows + [2.0] * windows
    for row, pieces in zip(ids, shown[:windows]):
        tokens = " ".join(table[index] for index in row)
        assert pieces == (whole if " ".join(whole) in tokens else ["[CLS]"])
    assert whole in shown
    assert ["[CLS]"] in shown[:windows]


# === Wrong uses ===


@pytest.mark.parametrize("name", ROWS)
def test_an_empty_text_is_refused(answerer, name):
    rows = {**ROWS, name: [*ROWS[name][:2], "", ROWS[name][3]]}
    uses = [answerer, answerer.predict, lambda rows: pipeline("question-answering", answerer)(**rows)]
    for use in uses:
        with pytest.raises(ValueError, match=f"`{name}` cannot be empty"):
            use(rows)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ((["When?", "At night."],), "takes dicts, {'question'"),
        (("When?",), "takes dicts, {'question'"),
        (({"question": "When?"},), "dictionary with the keys"),
        (({"question": "When?", "context": None},), "`context` must be a string"),
        (([{"question": 1, "context": "x"}],), "`question` must be a string"),
    ],
)
def test_the_pipeline_names_the_form_it_takes(answerer, inputs, message):
    with pytest.raises(ValueError, match=message):
        pipeline("question-answering", answerer)(*inputs)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({}, "must be two strings"),
        ({"question": "When?"}, "must be two strings"),
        ({"question": "When?", "context": ["a", "b"]}, r"\[question\] \* len\(contexts\)"),
        ({"question": ["When?"], "context": ["a", "b"]}, "don't have the same lengths: 1 and 2"),
        ({"question": "When?", "context": "x", "padding": "wide"}, "`padding` must be one of"),
        ({"question": "When?", "context": "x", "top_k": 0}, "`top_k` must be an integer of at least 1"),
    ],
)
def test_the_pipeline_refuses_what_does_not_belong_together(answerer, keywords, message):
    with pytest.raises(ValueError, match=message):
        pipeline("question-answering", answerer)(**keywords)


def test_the_task_names_the_dict_it_takes(answerer):
    for inputs in (["When?", "At night."], "When?"):
        with pytest.raises(TypeError, match=re.escape("takes a dict of texts: {'question': …, 'context': …}")):
            answerer(inputs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"doc_stride": -1}, "`doc_stride` must be None or an integer of at least 0"),
        ({"max_seq_len": 65}, "`max_seq_len` must be at most 64"),
        ({"max_answer_len": 0}, "`max_answer_len`"),
        ({"max_question_len": 0.5}, "`max_question_len`"),
        ({"handle_impossible_answer": 1}, "`handle_impossible_answer` must be True or False"),
        ({"align_to_words": None}, "`align_to_words` must be True or False"),
    ],
)
def test_wrong_options_are_refused(answerer, options, message):
    with pytest.raises(ValueError, match=message):
        answerer.with_options(**options)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (["cat"] * 8, "at row 0"),
        ("cat", "Received: str"),
        ({"text": ["cat"] * 8}, "Received: \\['text'\\]"),
        ({"answer_start": [4] * 7, "text": ["cat"] * 8}, "7 of `answer_start` and 8 of `text`"),
        ({"answer_start": [4.0] * 8, "text": ["cat"] * 8}, "answer_start=4.0"),
        ([{"answer_start": [-4], "text": ["cat"]}] * 8, "answer_start=-4"),
        ([{"answer_start": [4], "text": ["cat"]}] * 7, "one entry for each text, 8"),
        (None, "`y` is missing"),
    ],
)
def test_wrong_labels_are_refused(fresh, nouns, answers, message):
    with pytest.raises(ValueError, match=message):
        fresh.fit(nouns[0], answers, verbose=0)


def test_labels_that_do_not_stand_in_the_context_are_refused(fresh, nouns):
    fresh.compile(BertAdamW(1e-3), run_eagerly=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must stand in its context"):
        fresh.fit(nouns[0], {"answer_start": [1] * 8, "text": ["cat"] * 8}, verbose=0)
    dataset = tf.data.Dataset.from_tensor_slices((nouns[0], [0] * 8))
    with pytest.raises(ValueError, match="labels of a dataset must be"):
        fresh.fit(dataset, verbose=0)


def test_a_question_that_leaves_no_room_is_cut_and_spoils_no_other_row(answerer):
    rows = {"question": ["where " * 200, "Where ?"], "context": ["New York is old. " * 40] * 2}
    answers = answerer.predict(rows, verbose=0)
    assert answers["length"].tolist() == [1, 1]
    room = answerer.window_length - 3 - answerer.window_overlap - 1
    short = answerer.predict({"question": ["where " * room], "context": rows["context"][:1]}, verbose=0)
    assert answers["answer"][0] == short["answer"][0]
    assert answers["score"][0] == pytest.approx(short["score"][0], abs=1e-6)
    alone = answerer.predict({name: texts[1:] for name, texts in rows.items()}, verbose=0)
    assert answers["answer"][1] == alone["answer"][0]
    fewer = answerer.with_options(max_question_len=3)
    kept = fewer.predict({"question": ["where " * 3], "context": rows["context"][:1]}, verbose=0)
    assert fewer.predict(rows, verbose=0)["score"][0] == pytest.approx(kept["score"][0], abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_seq_len": 16, "doc_stride": 12}, "`doc_stride` must be less than 12"),
        ({"max_length": 48, "pad_to_multiple_of": 48, "max_seq_len": 60}, "positions. Received: 60, padded to 96"),
    ],
)
def test_windows_that_cannot_go_on_or_have_no_positions_are_refused(answerer, options, message):
    with pytest.raises(ValueError, match=message):
        answerer.with_options(**options)
