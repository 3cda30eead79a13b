"""TextEmbedder: search by meaning in 3,400 real tweets.

python examples/search.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets

QUERIES = ["I passed my exams", "my phone is broken", "the weather is lovely"]


def main() -> None:
    from tfbert.tasks import TextEmbedder

    embedder = TextEmbedder.from_pretrained(assets.minilm_folder(), max_length=64)
    tweets, _ = assets.tweets()
    corpus = embedder.predict(tweets, batch_size=64, verbose=0)["embedding"]
    for query, hits in zip(QUERIES, embedder.search(QUERIES, corpus, top_k=2)):
        print(query)
        for hit in hits:
            print(f"  {hit['score']:.2f}  {tweets[hit['corpus_id']]}")


if __name__ == "__main__":
    main()
