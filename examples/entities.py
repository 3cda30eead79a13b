"""TokenClassifier: names of people, places and products in tweets, learned from words and their tags.

python examples/entities.py            # five epochs, about two minutes on two cores
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets

TEXTS = ["Justin Bieber plays in New York tonight", "I just got the new iPhone from Apple"]


def train(folder: Path, epochs: int = 5, rows: int | None = None, seed: int = 0):
    """Fine-tune on the first four fifths of the tweets; returns the model and the entity F1 on the rest."""
    import keras

    from tfbert.tasks import TokenClassifier

    words, tags = assets.entity_tweets()
    cut = int(0.8 * len(words))
    keras.utils.set_random_seed(seed)
    names = sorted({tag for row in tags for tag in row})
    model = TokenClassifier.from_pretrained(folder, max_length=128, id2label=dict(enumerate(names)))
    model.default_learning_rate = 2e-4
    model.fit(words[:cut][:rows], tags[:cut][:rows], epochs=epochs, batch_size=16, verbose=0)
    return model, model.evaluate(words[cut:], tags[cut:], verbose=0, return_dict=True)["f1"]


def main() -> None:
    from tfbert import pipeline

    model, score = train(assets.minilm_folder())
    print(f"Entity F1 on held-out tweets: {score:.2f} (.29 for a linear head on the frozen encoder)")
    find = pipeline("ner", model=model, aggregation_strategy="first")
    for text, entities in zip(TEXTS, find(TEXTS)):
        for entity in entities:
            print(f"{text[entity['start'] : entity['end']]}: {entity['entity_group']}, {entity['score']:.2f}")


if __name__ == "__main__":
    main()
