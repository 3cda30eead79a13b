"""How far `use_fast_bert_tokenizer=False` is from the Rust library: the share of texts with other ids, by category.

python -m scripts.parity.older_ops
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from scripts.parity import corpora
from scripts.parity.compare import Layer, Options, Reference, compare
from scripts.parity.vocabularies import VOCABULARIES

SAMPLE = 2000
CATEGORIES = [*corpora.NATURAL, "casing", "emoji", "scripts", "invalid utf-8", "special tokens", "long words", "fuzz"]


def main() -> None:
    """Print the table."""
    vocabulary = VOCABULARIES["uncased"][0]()
    pair = Layer(vocabulary, Options(), use_fast_bert_tokenizer=False), Reference(vocabulary, Options())
    for category in CATEGORIES:
        texts = corpora.sample(corpora.CATEGORIES[category](), SAMPLE)
        if texts:
            result = compare(*pair, texts, Options(), with_offsets=False)
            print(f"{category:<22} {len(texts):>6,} texts {100 * len(result.wrong_ids) / len(texts):>6.2f} %")


if __name__ == "__main__":
    main()
