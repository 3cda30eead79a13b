"""FeatureExtractor: a vector for each token; which meaning of "bank" is meant?

python examples/features.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets

TEXTS = ["we sat on the bank of the river", "the bank lent us money", "the bank of the lake was muddy"]


def main() -> None:
    import numpy as np

    from tfbert.tasks import FeatureExtractor

    extractor = FeatureExtractor.from_pretrained(assets.minilm_folder())
    states = extractor.predict(TEXTS, verbose=0)["last_hidden_state"]
    places = [text.split().index("bank") + 1 for text in TEXTS]  # [CLS] comes first
    banks = np.stack([state[place] for state, place in zip(states, places)])
    banks /= np.linalg.norm(banks, axis=1, keepdims=True)
    river, money, lake = banks
    print(f"river and lake {river @ lake:.2f}, river and money {river @ money:.2f}")


if __name__ == "__main__":
    main()
