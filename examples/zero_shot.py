"""ZeroShotClassifier: labels chosen when asking. No package holds weights for inference, so it learns first.

python examples/zero_shot.py
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets
from examples.facts import facts

LABELS = ["a carpenter", "a doctor", "a pianist"]


def premises(seed: int, count: int) -> tuple[dict[str, list[str]], list[str]]:
    """What somebody does, and a hypothesis that follows from it or contradicts it."""
    inputs: dict[str, list[str]] = {"text": [], "text_pair": []}
    labels = []
    for number, (fact, other) in enumerate(itertools.islice(itertools.pairwise(facts(seed)), count)):
        follows = number % 2 == 0 or fact.job == other.job
        inputs["text"].append(f"{fact.name} works as {fact.job}.")
        inputs["text_pair"].append(f"This person is {fact.job if follows else other.job}.")
        labels.append("entailment" if follows else "contradiction")
    return inputs, labels


def main() -> None:
    import keras

    from tfbert import pipeline
    from tfbert.tasks import ZeroShotClassifier

    keras.utils.set_random_seed(0)
    names = {0: "contradiction", 1: "entailment"}
    model = ZeroShotClassifier.from_pretrained(assets.minilm_folder(), max_length=32, id2label=names)
    model.model.bert.embeddings.trainable = False
    model.default_learning_rate = 1e-4
    model.fit(*premises(seed=0, count=640), batch_size=16, verbose=0)
    classify = pipeline("zero-shot-classification", model=model, hypothesis_template="This person is {}.")
    answer = classify("Zoe works as a carpenter.", candidate_labels=LABELS)
    print(", ".join(f"{label} {score:.2f}" for label, score in zip(answer["labels"], answer["scores"])))


if __name__ == "__main__":
    main()
