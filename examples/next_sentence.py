"""NextSentencePredictor: whether a sentence follows a question, learned from made-up facts.

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
    """A question, and a sentence that answers it or another one."""
    inputs: dict[str, list[str]] = {"text": [], "text_pair": []}
    labels = []
    for number, fact in enumerate(itertools.islice(facts(seed), count)):
        asks_place, answers_place = number % 2 == 0, number % 4 < 2
        inputs["text"].append(f"Where does {fact.name} live?" if asks_place else f"What does {fact.name} do?")
        inputs["text_pair"].append(f"The answer is {fact.city if answers_place else fact.job}.")
        labels.append("IS_NEXT" if asks_place == answers_place else "NOT_NEXT")
    return inputs, labels


def main() -> None:
    import keras

    from tfbert.tasks import NextSentencePredictor

    keras.utils.set_random_seed(0)
    model = NextSentencePredictor.from_pretrained(assets.minilm_folder(), max_length=32)
    model.model.bert.embeddings.trainable = False
    model.default_learning_rate = 1e-4
    model.fit(*pairs(seed=0, count=640), batch_size=16, verbose=0)
    held_out, labels = pairs(seed=1, count=200)
    found = model.predict(held_out, verbose=0)["label"].tolist()
    print(f"Right about {sum(map(str.__eq__, found, labels)) / len(labels):.2f} of 200 new pairs")


if __name__ == "__main__":
    main()
