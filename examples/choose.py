"""ChoiceSelector: which of several answers fits, for words that the training has not seen.

python examples/choose.py
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets

KINDS = {
    "a fruit": "apple pear cherry grape plum peach melon".split(),
    "an animal": "dog horse cow lion rabbit tiger sheep".split(),
    "a tool": "hammer saw drill pliers wrench shovel axe".split(),
    "a vehicle": "car bus bicycle train lorry tram van".split(),
}
NEW = {"banana": "a fruit", "cat": "an animal", "screwdriver": "a tool", "motorcycle": "a vehicle"}


def main() -> None:
    import keras

    from tfbert.tasks import ChoiceSelector

    keras.utils.set_random_seed(0)
    chance = random.Random(0)
    rows = [(word, kind) for kind, words in KINDS.items() for word in words] * 8
    chance.shuffle(rows)
    choices = [chance.sample(list(KINDS), k=3) for _ in rows]
    for shown, (_, kind) in zip(choices, rows):
        if kind not in shown:
            shown[chance.randrange(3)] = kind
    texts = [f"What is a {word}?" for word, _ in rows]
    model = ChoiceSelector.from_pretrained(assets.minilm_folder(), max_length=16, num_hidden_layers=3)
    model.model.bert.embeddings.trainable = False
    model.default_learning_rate = 3e-4
    right = [shown.index(kind) for shown, (_, kind) in zip(choices, rows)]
    model.fit({"text": texts, "choices": choices}, right, batch_size=16, epochs=4, verbose=0)
    asked = {"text": [f"What is a {word}?" for word in NEW], "choices": list(KINDS)}
    for word, choice in zip(NEW, model.predict(asked, verbose=0)["choice"]):
        print(f"{word}: {choice}")


if __name__ == "__main__":
    main()
