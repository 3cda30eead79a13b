"""A small BERT from nothing but real text: it tells hidden pieces better than their frequencies do."""

import pytest

from examples.pretrain import train, write_corpus
from scripts.parity.natural_texts import guide_is_there

pytestmark = [pytest.mark.weights, pytest.mark.exhaustive]


def test_perplexity_falls_below_that_of_frequencies(tmp_path):
    if not guide_is_there():
        pytest.skip("Debian's installation guide takes apt-get")
    assert write_corpus(tmp_path / "guide.txt") == 1489
    perplexity = train(tmp_path / "guide.txt", epochs=12)
    assert perplexity["frequencies"] == pytest.approx(452, abs=15)  # vocabularies differ a little between runs
    assert perplexity["model"] < 0.75 * perplexity["frequencies"]
