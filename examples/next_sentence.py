"""NextSentencePredictor: whether a second sentence follows the first, learned from made-up facts.

python examples/next_sentence.py
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets
from examples.facts import facts


def pairs(seed: int, count: int) -> tuple[dict[str, list[str]], list[str]]:
    """A sentence, and one that follows it (about the same person) or does not."""
    inputs: dict[str, list[str]] = {"text": [], "text_pair": []}
    labels = []
    for number, (fact, other) in enumerate(itertools.islice(itertools.pairwise(facts(seed)), count)):
        follows = number % 2 == 0 or fact.name == other.name
        inputs["text"].append(f"{fact.name} lives in {fact.city}.")
        inputs["text_pair"].append(f"{fact.name if follows else other.name} works as {fact.job}.")
        labels.append("IS_NEXT" if follows else "NOT_NEXT")
    return inputs, labels


def main() -> None:
    import keras

    from tfbert.tasks import NextSentencePredictor

    keras.utils.set_random_seed(0)
    model = NextSentencePredictor.from_pretrained(assets.minilm_folder(), max_length=32, num_hidden_layers=3)
    model.model.bert.embeddings.trainable = False
    model.default_learning_rate = 5e-4
    model.fit(*pairs(seed=0, count=960), batch_size=16, epochs=2, verbose=0)
    held_out, labels = pairs(seed=1, count=200)
    found = model.predict(held_out, verbose=0)["label"].tolist()
    print(f"Right about {sum(map(str.__eq__, found, labels)) / len(labels):.2f} of 200 new pairs")


if __name__ == "__main__":
    main()
