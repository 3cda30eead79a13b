"""What the tweets' sentiment reaches without fine-tuning: the figures that the demo prints beside its own.

python examples/benchmarks/sentiment_baselines.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from examples import assets
from examples.sentiment import split_tweets


def main() -> None:
    from tfbert.tasks import TextEmbedder

    train_texts, test_texts, train_labels, test_labels = split_tweets()
    print(f"{len(train_texts)} training tweets, {len(test_texts)} held out")
    majority = max(test_labels.count(label) for label in set(test_labels)) / len(test_labels)
    print(f"{majority:.3f}  majority class")

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    tfidf = make_pipeline(words, LogisticRegression(C=10, max_iter=2000))
    print(f"{tfidf.fit(train_texts, train_labels).score(test_texts, test_labels):.3f}  tf-idf + logistic regression")

    embedder = TextEmbedder.from_pretrained(assets.minilm_folder(), max_length=128)
    train_vectors, test_vectors = (embedder.predict(t, verbose=0)["embedding"] for t in (train_texts, test_texts))
    frozen = LogisticRegression(C=10, max_iter=2000).fit(train_vectors, train_labels)
    print(f"{frozen.score(test_vectors, test_labels):.3f}  frozen MiniLM + logistic regression")


if __name__ == "__main__":
    main()
