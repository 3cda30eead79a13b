"""The real MiniLM's vectors: how they agree with human judgements, and what a search in real tweets finds."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from examples import assets
from examples.similarity import judged_documents
from tfbert.tasks import TextEmbedder

pytestmark = pytest.mark.weights

# What a tweet of the corpus says, in other words, and a part of that tweet.
PARAPHRASES = {
    "I cannot stand it when nurses take my blood": "hate getting blood drawn",
    "The pen that I liked best is gone": "I lost my fave pen",
    "I got a free upgrade to first class on my flight": "Just got upgraded to first class",
    "I spent too much on a computer": "Dropped money on a new PC",
    "Somebody died in the water at a camping site": "Man drowns at Morenci",
    "Our ship went to an island, and we saw Manhattan": "cruise from NYC to Bermuda",
    "I despise cars": "I HATE AUTOMOBILES",
    "A famous painter's hands were too ill to hold his tools": "Renoir's arthritis",
    "All the schools are shut today": "All MCPS schools are CLOSED",
    "A fire destroyed an old school in a storm": "burns down after lightning strike",
    "The vampire series was fine this evening": '"True Blood" was good tonight',
    "I do not want to prepare dinner": "I don't have to cook",
}


@pytest.fixture(scope="module")
def embedder(minilm_folder):
    return TextEmbedder.from_pretrained(minilm_folder)


def cosines(vectors, others):
    return np.sum(vectors * others, axis=-1)


def test_words_are_as_alike_as_people_find_them(embedder):
    lines = (assets.similarity_folder() / "wordsim353.tsv").read_text(encoding="utf-8").splitlines()
    first, second, judged = zip(*(line.split("\t") for line in lines if not line.startswith("#")))
    vectors, others = (embedder.predict(list(words), verbose=0)["embedding"] for words in (first, second))
    assert spearmanr(cosines(vectors, others), np.array(judged, float)).statistic == pytest.approx(0.729, abs=0.002)


def test_documents_are_as_alike_as_people_find_them(embedder):
    documents, pairs, judged = judged_documents()
    vectors = embedder.predict(documents, verbose=0)["embedding"]
    assert pearsonr((vectors @ vectors.T)[pairs], judged).statistic == pytest.approx(0.656, abs=0.003)


@pytest.mark.exhaustive  # examples/search.py does the same, and runs always
def test_search_in_real_tweets_finds_the_paraphrases(embedder):
    tweets = assets.tweets()[0]
    corpus = embedder.predict(tweets, batch_size=64, verbose=0)["embedding"]
    assert len(corpus) == 3432
    hits = embedder.search(list(PARAPHRASES), corpus, top_k=3)
    found = [
        any(part in tweets[hit["corpus_id"]] for hit in row)
        for part, row in zip(PARAPHRASES.values(), hits, strict=True)
    ]
    assert all(found), [query for query, is_found in zip(PARAPHRASES, found) if not is_found]


@pytest.mark.exhaustive
def test_news_without_labels_make_vectors_agree_better_with_people(minilm_folder):
    from examples.similarity import train

    _, before, after = train(minilm_folder)
    assert before == pytest.approx(0.654, abs=0.005)
    assert after > before + 0.005
