import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert import BertConfig, TFBertForSequenceClassification, TFBertForTokenClassification, TFBertModel
from tfbert.layers import FastBertTokenizer
from tfbert.tasks import MaskFiller, TextClassifier, TextEmbedder, TokenClassifier
from tfbert.tasks.distiller import Distiller
from tfbert.training.losses.distillation_losses import teacher_loss

TEXTS = ["i love the cat", "a great movie", "good dog !", "very happy today", "i hate the cat", "an awful movie"]
LABELS = [0, 1, 2, 0, 1, 2]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted({word for text in TEXTS for word in text.split()})]
WORDS = [text.split() for text in TEXTS]


def small_config(**fields):
    sizes = {"vocab_size": 110, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    dropouts = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    return BertConfig(**{**sizes, **dropouts, "intermediate_size": 32, "max_position_embeddings": 48, **fields})


def small_classifier(teacher, tokenizer=None, **fields):
    """An untrained student of half the width, with a vocabulary of its own unless it gets a tokenizer."""
    labels = {"id2label": teacher.config.id2label, "problem_type": teacher.config.problem_type}
    model = TFBertForSequenceClassification(small_config(**labels, **fields))
    return TextClassifier(model, tokenizer or FastBertTokenizer(PIECES, max_length=48))


def compiled(model, **options):
    model.compile(keras.optimizers.Adam(3e-3), **options)
    return model


def eager(model, **options):
    """For `evaluate`, which would spend its time on tracing."""
    return compiled(model, run_eagerly=True, **options)


def loss_of(distiller, *data, **options):
    return distiller.evaluate(*data, verbose=0, return_dict=True, **options)["loss"]


@pytest.fixture
def teacher(trained_head):
    """A classifier that is sure of its answers, and gives different ones."""
    teacher = trained_head()
    head = teacher.model.classifier.dense
    mean = logits_of(teacher).mean(0)
    head.kernel.assign(10.0 * head.kernel)
    head.bias.assign(10.0 * (head.bias - mean))
    assert len(set(logits_of(teacher).argmax(1))) == 3
    teacher.forget_graphs()
    return teacher


def logits_of(task, texts=TEXTS):
    return task.predict(texts, verbose=0)["logits"]


@pytest.mark.exhaustive
def test_a_student_with_another_vocabulary_learns_the_answers_without_labels(teacher, fresh_classifier, tmp_path):
    before = [variable.numpy() for variable in teacher.variables]
    without_dropout = fresh_classifier(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    student = TextClassifier(without_dropout.model, FastBertTokenizer(PIECES, max_length=48), learns_labels=True)
    distiller = compiled(Distiller(student, teacher), metrics=["accuracy"])
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="loss", mode="min", save_best_only=True)
    data = {"validation_data": (TEXTS,), "callbacks": [best]}
    history = distiller.fit(TEXTS * 4, epochs=15, batch_size=6, verbose=0, **data).history
    assert history["val_loss"][-1] < 0.1 * history["val_loss"][0]
    agreement = (logits_of(student).argmax(1) == logits_of(teacher).argmax(1)).mean()
    assert history["val_accuracy"][-1] == pytest.approx(agreement)
    assert agreement >= 5 / 6  # the teacher wavers between two classes of one text
    np.testing.assert_allclose(logits_of(distiller), logits_of(student))
    for variable, value in zip(teacher.variables, before):
        np.testing.assert_array_equal(variable, value)
    student.save_pretrained(tmp_path / "folder")
    np.testing.assert_allclose(logits_of(TextClassifier.from_pretrained(tmp_path / "folder")), logits_of(student))
    loaded = keras.models.load_model(tmp_path / "best.keras")
    assert type(loaded) is TextClassifier
    assert loss_of(eager(Distiller(loaded, teacher)), TEXTS) < 0.1 * history["val_loss"][0]


def test_only_the_student_is_trained_and_saved(teacher):
    student = small_classifier(teacher)
    distiller = Distiller(student, teacher, hidden_states={1: 2})
    kernel, bias = distiller.match.projection.weights
    expected = [*student.trainable_variables, kernel, bias]
    assert {id(variable) for variable in distiller.trainable_variables} == set(map(id, expected))
    assert not {id(variable) for variable in teacher.variables} & {id(variable) for variable in distiller.variables}
    assert distiller.match.pairs == ((1, 2),)


def test_the_loss_is_the_mix_that_alpha_says(teacher):
    student = small_classifier(teacher)
    distiller = eager(Distiller(student, teacher, temperature=3.0, alpha=0.25))
    weights = np.array([1.0, 2.0, 0.0, 1.0, 3.0, 0.5], np.float32)
    of_teacher, of_student = (tf.nn.log_softmax(logits_of(task) / 3.0).numpy() for task in (teacher, student))
    divergence = 9.0 * (np.exp(of_teacher) * (of_teacher - of_student)).sum(1)
    own = -tf.nn.log_softmax(logits_of(student)).numpy()[np.arange(6), LABELS]
    assert loss_of(distiller, TEXTS) == pytest.approx(divergence.mean(), rel=1e-4)
    expected = 0.25 * own + 0.75 * divergence
    assert loss_of(distiller, TEXTS, LABELS) == pytest.approx(expected.mean(), rel=1e-4)
    found = loss_of(distiller, TEXTS, LABELS, sample_weight=weights)
    assert found == pytest.approx((expected * weights).mean(), rel=1e-4)
    some = [0, -100, 2, -100, -100, 2]  # of which only three texts have a class
    found = loss_of(distiller, TEXTS, some)
    assert found == pytest.approx(0.25 * own[[0, 2, 5]].mean() + 0.75 * divergence.mean(), rel=1e-4)


@pytest.mark.slow
def test_every_form_of_text_has_the_same_loss(teacher):
    student = small_classifier(teacher)
    expected = loss_of(eager(Distiller(student, teacher)), TEXTS, LABELS)
    distiller = eager(Distiller(student, teacher, precompute=False))
    rows = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS))
    for data in ((TEXTS, LABELS), (rows,), (iter([(TEXTS, LABELS)]),)):
        assert loss_of(distiller, *data) == pytest.approx(expected, rel=1e-4)
    shared = small_classifier(teacher, teacher.tokenizer)
    losses = [loss_of(eager(Distiller(shared, teacher, precompute=each)), TEXTS) for each in (True, False)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    distiller = eager(Distiller(shared, teacher))
    answers = logits_of(teacher)
    assert loss_of(distiller, TEXTS, {"teacher": answers}) == pytest.approx(losses[0], rel=1e-4)
    assert loss_of(distiller, TEXTS, {"teacher": 0.0 * answers}) < 0.1 * losses[0]
    both = loss_of(distiller, TEXTS, {"teacher": answers, "labels": LABELS})
    assert both == pytest.approx(loss_of(distiller, TEXTS, LABELS), rel=1e-4)
    unlabelled = tf.data.Dataset.from_tensor_slices(TEXTS)
    assert loss_of(eager(Distiller(shared, teacher)), unlabelled) == pytest.approx(losses[0], rel=1e-4)


def test_pairs_are_learned_as_pairs(teacher):
    student = small_classifier(teacher)
    pairs = {"text": TEXTS, "text_pair": TEXTS[::-1]}
    Distiller(student, teacher).training_dataset(pairs, learn=True)
    assert student.served_columns() == ["text", "text_pair"]
    features = next(iter(Distiller(student, teacher, precompute=False).evaluation_dataset(pairs)))[0]
    for task, ids in ((student, features), (teacher, features["teacher"])):
        np.testing.assert_array_equal(ids["input_ids"], task.tokenizer(*pairs.values())["input_ids"])


@pytest.mark.parametrize("kind", ["multi_label", "regression"])
def test_other_problem_types_have_losses_of_their_own(trained_head, kind):
    teacher = trained_head(kind)
    student = small_classifier(teacher)
    count = teacher.config.num_labels
    labels = np.resize([0.0, 1.0, 1.0], [6, count] if count > 1 else [6]).astype(np.float32)
    distiller = eager(Distiller(student, teacher), metrics=["mean_absolute_error"])
    metrics = distiller.evaluate(TEXTS, labels, verbose=0, return_dict=True)
    of_teacher, of_student = (task(task.tokenizer(TEXTS))["logits"] for task in (teacher, student))
    expected = tf.reduce_mean(teacher_loss(distiller.problem_type, of_teacher, of_student, 2.0))
    assert metrics["teacher_loss"] == pytest.approx(float(expected), rel=1e-4)
    own = eager(student).evaluate(TEXTS, labels, verbose=0)
    assert metrics["loss"] == pytest.approx(0.5 * own + 0.5 * metrics["teacher_loss"], rel=1e-4)
    assert loss_of(distiller, TEXTS) == pytest.approx(metrics["teacher_loss"], rel=1e-5)


def test_hidden_states_of_other_tokens_are_those_of_the_first_one(teacher):
    student = small_classifier(teacher)
    distiller = eager(Distiller(student, teacher, hidden_states="uniform", hidden_weight=2.0))
    assert distiller.match.pairs == ((1, 2),)
    metrics = distiller.evaluate(TEXTS, verbose=0, return_dict=True)
    mine, its = (
        task.model(task.tokenizer(TEXTS), output_hidden_states=True).hidden_states[-1][:, 0]
        for task in (student, teacher)
    )
    expected = np.square(distiller.match.projection(mine) - its).mean()
    assert metrics["hidden_loss"] == pytest.approx(expected, rel=1e-4)
    assert metrics["loss"] == pytest.approx(metrics["teacher_loss"] + 2.0 * expected, rel=1e-4)


def test_hidden_states_of_padding_do_not_count(teacher):
    student = small_classifier(teacher, teacher.tokenizer, hidden_size=32)
    distiller = eager(Distiller(student, teacher, hidden_states={1: 2}))
    states = [
        np.asarray(task.model(task.tokenizer([text]), output_hidden_states=True).hidden_states[layer][0])
        for text in TEXTS
        for task, layer in ((student, 1), (teacher, 2))
    ]
    each = np.concatenate([((mine - its) ** 2).mean(-1) for mine, its in zip(states[::2], states[1::2])])
    found = distiller.evaluate(TEXTS, verbose=0, return_dict=True)["hidden_loss"]
    assert found == pytest.approx(each.mean(), rel=1e-4)


def test_first_positions_that_may_be_padding_are_not_compared(teacher):
    student = small_classifier(teacher, FastBertTokenizer(PIECES, max_length=48, padding_side="left"))
    with pytest.raises(ValueError, match="Give both padding_side='right', or the same tokenizer"):
        Distiller(student, teacher, hidden_states="uniform")
    teacher.tokenizer = student.tokenizer
    assert Distiller(student, teacher, hidden_states="uniform").shares_ids


@pytest.fixture
def taggers(tiny_folder):
    names = dict(enumerate(["B-PET", "I-PET", "O"]))
    teacher = TokenClassifier.from_pretrained(tiny_folder("model_gelu_l2"), id2label=names)
    teacher.has_new_head = False  # its answers are as good as any to learn from
    student = TokenClassifier(TFBertForTokenClassification(small_config(id2label=names)), teacher.tokenizer)
    return student, teacher


def test_tokens_are_learned_with_labels_and_without(taggers):
    distiller = eager(Distiller(*taggers), metrics=["accuracy"])
    of_texts = loss_of(distiller, TEXTS)
    assert loss_of(distiller, WORDS) == pytest.approx(of_texts, rel=1e-5)
    assert loss_of(distiller, tf.data.Dataset.from_tensor_slices(TEXTS)) == pytest.approx(of_texts, rel=1e-5)
    expected = []
    for text in TEXTS:
        ids = taggers[0].tokenizer([text])
        mine, its = (tf.nn.log_softmax(task.model(ids).logits[0] / 2.0).numpy() for task in taggers)
        expected.append(4.0 * (np.exp(its) * (its - mine)).sum(1))
    assert of_texts == pytest.approx(np.concatenate(expected).mean(), rel=1e-4)
    labels = [["O"] * len(words) for words in WORDS]
    metrics = distiller.evaluate(WORDS, labels, verbose=0, return_dict=True)
    own = eager(taggers[0]).evaluate(WORDS, labels, verbose=0)
    assert metrics["loss"] == pytest.approx(0.5 * own + 0.5 * metrics["teacher_loss"], rel=1e-4)


@pytest.mark.exhaustive
def test_vectors_are_learned_through_a_layer_that_the_student_keeps(embedder, tmp_path):
    model, tokenizer = TFBertModel(small_config(), add_pooling_layer=False), FastBertTokenizer(PIECES, max_length=48)
    with pytest.raises(ValueError, match=r"32 dimensions, those of the student 16.*Dense\(32\)"):
        Distiller(TextEmbedder(model, tokenizer), embedder)
    student = TextEmbedder(model, tokenizer, dense=[keras.layers.Dense(32)])
    distiller = compiled(Distiller(student, embedder))
    losses = distiller.fit(TEXTS * 4, epochs=8, batch_size=6, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    student.save_pretrained(tmp_path)
    again = TextEmbedder.from_pretrained(tmp_path)
    cosines = (again.predict(TEXTS, verbose=0)["embedding"] * embedder.predict(TEXTS, verbose=0)["embedding"]).sum(1)
    assert cosines.min() > 0.5
    for given in ((TEXTS, [0.5] * 6), ([("a", "b")],)):
        with pytest.raises(ValueError, match="single texts"):
            distiller.fit(*given, verbose=0)


def test_a_new_head_takes_the_classes_of_the_teacher(trained_head, fresh_classifier):
    teacher = trained_head("multi_label")
    student = fresh_classifier()
    Distiller(student, teacher)
    assert student.label_names() == teacher.label_names()
    assert student.config.problem_type == "multi_label_classification"
    other = fresh_classifier(id2label={0: "no", 1: "yes"})
    with pytest.raises(ValueError, match="must have the teacher's classes"):
        Distiller(other, teacher)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0}, "`temperature` must be a number of at least 0.001"),
        ({"temperature": float("nan")}, "`temperature`"),
        ({"alpha": 1.5}, "`alpha` must be a number from 0.0 to 1.0"),
        ({"hidden_weight": -1}, "`hidden_weight`"),
        ({"precompute": "yes"}, "`precompute` must be True or False"),
        ({"hidden_states": {1: 9}}, "layers of the teacher, 0 to 2"),
    ],
)
def test_wrong_options_are_refused(teacher, options, message):
    with pytest.raises(ValueError, match=message):
        Distiller(small_classifier(teacher), teacher, **options)


def test_tasks_that_do_not_go_together_are_refused(teacher, embedder, taggers, tiny_folder):
    student, tagger = small_classifier(teacher), taggers[1]
    with pytest.raises(TypeError, match="must both be"):
        Distiller(student, embedder)
    filler = MaskFiller.from_pretrained(tiny_folder("model_gelu_l2"))
    with pytest.raises(TypeError, match="MaskFiller"):
        Distiller(filler, filler)
    with pytest.raises(ValueError, match="share one model"):
        Distiller(teacher, teacher.with_options(top_k=1))
    apart = TokenClassifier(taggers[0].model, FastBertTokenizer(PIECES, max_length=48))
    with pytest.raises(ValueError, match="the same tokens"):
        Distiller(apart, tagger)
    with pytest.raises(ValueError, match="TextEmbedders"):
        Distiller(
            TextEmbedder(TFBertModel(small_config(hidden_size=32)), embedder.tokenizer), embedder, hidden_states={}
        )
    distiller = Distiller(student, teacher)
    with pytest.raises(ValueError, match="needs labels beside it"):
        distiller.fit(TEXTS, sample_weight=[1.0] * 6, verbose=0)
    with pytest.raises(ValueError, match=r"logits of the teacher, shape \(6, 3\)"):
        distiller.fit(TEXTS, {"teacher": [[0.0, 1.0, 2.0]]}, verbose=0)
    with pytest.raises(ValueError, match="not where tokens or hidden states"):
        Distiller(student, teacher, hidden_states="uniform").fit(TEXTS, {"teacher": logits_of(teacher)}, verbose=0)
    with pytest.raises(ValueError, match="`class_weight` weighs labels"):
        distiller.fit(TEXTS, class_weight={0: 2.0}, verbose=0)
    with pytest.raises(ValueError, match="one entry for each text, 6"):
        distiller.fit(TEXTS, [0, 1], verbose=0)
