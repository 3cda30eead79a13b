"""A small BERT from nothing but real text: it tells hidden pieces better than their frequencies do."""

import pytest

from examples.pretrain import train, write_corpus
from scripts.parity.natural_texts import guide_is_there

pytestmark = [pytest.mark.weights, pytest.mark.exhaustive]


@pytest.mark.skipif(not guide_is_there(), reason="Debian's installation guide takes apt-get")
def test_perplexity_falls_below_that_of_frequencies(tmp_path):
    assert write_corpus(tmp_path / "guide.txt") == 1489
    perplexity = train(tmp_path / "guide.txt", epochs=12)
    assert perplexity["frequencies"] == pytest.approx(452, abs=15)  # vocabularies differ a little between runs
    assert perplexity["model"] < 0.75 * perplexity["frequencies"]
