import keras
import pytest

from tfbert.tasks import TextClassifier, TextEmbedder

POSITIVE = ["i love the cat", "a great movie", "good dog !", "very happy today", "you love the good phone"]
NEGATIVE = ["i hate the cat", "an awful movie", "bad dog !", "very sad today", "you hate the bad phone"]


@pytest.fixture(autouse=True)
def same_numbers_each_time():
    """New heads, dropout and shuffling are the same in every run, so that what is learned is."""
    keras.utils.set_random_seed(0)


@pytest.fixture
def reviews():
    """Texts and labels that a tiny model can learn, in mixed order."""
    rows = [(text, label) for pair in zip(POSITIVE, NEGATIVE) for text, label in zip(pair, ("good", "bad"))]
    texts, labels = zip(*rows * 4)
    return list(texts), list(labels)


@pytest.fixture
def fresh_classifier(tiny_folder):
    """Return a function that makes a classifier with a new head."""

    def make(**options):
        return TextClassifier.from_pretrained(tiny_folder("model_gelu_l2"), **options)

    return make


@pytest.fixture
def trained_head(tiny_folder):
    """Return a function that loads one of the committed classifiers."""

    def make(name="single_label", **options):
        return TextClassifier.from_pretrained(tiny_folder(f"classifier_{name}"), **options)

    return make


@pytest.fixture
def embedder(tiny_folder):
    """A TextEmbedder on the committed bare model."""
    return TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"))
