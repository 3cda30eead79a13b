"""TextEmbedder: vectors made better for a kind of text, from texts that nobody has labelled.

    python examples/similarity.py            # about a minute on two cores

Learns from 300 news texts that nobody has labelled: the halves of a text belong together, the rest of the batch is what
they do not belong to. Then compares vectors of 50 other texts with what people say of every pair.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets


def halves(text: str) -> tuple[str, str]:
    """The first and the second half of the sentences of a text; the first half of a lone sentence is empty."""
    sentences = re.split(r"(?<=[.!?])\s+", text.strip())
    middle = len(sentences) // 2
    return " ".join(sentences[:middle]), " ".join(sentences[middle:])


def texts_of(name: str) -> list[str]:
    """The texts of a file of Lee's: "lee.cor", the judged documents, or "lee_background.cor", other news."""
    return (assets.similarity_folder() / name).read_text(encoding="latin-1").splitlines()


def judged_documents():
    """Lee's 50 documents, the places of their pairs in a table of all with all, and what people say of each pair."""
    import numpy as np

    documents = texts_of("lee.cor")
    pairs = np.triu_indices(len(documents), k=1)
    return documents, pairs, np.loadtxt(assets.similarity_folder() / "similarities0-1.txt")[pairs]


def agreement(embedder) -> float:
    """Pearson's correlation of cosines with the judgements on Lee's documents; long known for this model: .656."""
    import numpy as np

    documents, pairs, judged = judged_documents()
    return float(np.corrcoef(embedder.similarity(documents, documents)[pairs], judged)[0, 1])


def train(folder: Path, seed: int = 0, epochs: int = 3, batch_size: int = 32, learning_rate: float = 2e-5):
    """Return an embedder that has learned from the news, and the agreement before and after."""
    import keras

    from tfbert.tasks import TextEmbedder

    keras.utils.set_random_seed(seed)
    embedder = TextEmbedder.from_pretrained(folder, max_length=128)
    before = agreement(embedder)
    first, second = zip(*(pair for pair in map(halves, texts_of("lee_background.cor")) if all(pair)))
    embedder.default_learning_rate = learning_rate
    embedder.fit({"text": first, "text_pair": second}, batch_size=batch_size, epochs=epochs, verbose=0)
    return embedder, before, agreement(embedder)


def main() -> None:
    _, before, after = train(assets.minilm_folder())
    print(f"Agreement with people on 1,225 pairs of news: {before:.3f} before, {after:.3f} after")


if __name__ == "__main__":
    main()
