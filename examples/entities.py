"""TokenClassifier: names of people, places and products in tweets, learned from words and their tags.

python examples/entities.py            # three epochs, about two minutes on two cores
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets

TEXTS = ["Justin Bieber plays in New York tonight", "I just got the new iPhone from Apple"]


def spans(tags: list[str]) -> set[tuple[int, int, str]]:
    """Entities as (first word, word after the last, kind); an I- without its B- begins one, as in conlleval."""
    found, begin = set(), None
    for index, tag in enumerate([*tags, "O"]):
        if begin is not None and (tag[:2] != "I-" or tag[2:] != tags[begin][2:]):
            found.add((begin, index, tags[begin][2:]))
            begin = None
        if tag != "O" and begin is None:
            begin = index
    return found


def entity_f1(expected: list[list[str]], predicted: list[list[str]]) -> float:
    """Share of entities found exactly, the harmonic mean of precision and recall."""
    gold = [(row, *span) for row, tags in enumerate(expected) for span in spans(tags)]
    ours = [(row, *span) for row, tags in enumerate(predicted) for span in spans(tags)]
    return 2 * len(set(gold) & set(ours)) / (len(gold) + len(ours))


def tags_of(model, words: list[list[str]]) -> list[list[str]]:
    """The tag that the model gives to the first piece of each word."""
    answers = model.with_options(aggregation_strategy="first", ignore_labels=[]).predict(
        [" ".join(row) for row in words], batch_size=64, verbose=0
    )
    predicted = []
    for row, (starts, ends, labels, length) in enumerate(
        zip(answers["start"], answers["end"], answers["entity"], answers["length"])
    ):
        tags, begin = [], 0
        groups = list(zip(starts[:length], ends[:length], labels[:length]))
        for word in words[row]:
            end = begin + len(word.encode())
            group = next((group for group in groups if group[0] < end and begin < group[1]), None)
            label = "O" if group is None or group[2] == "O" else group[2]
            tags.append(label if label == "O" else f"{'B' if begin <= group[0] else 'I'}-{label}")
            begin = end + 1
        predicted.append(tags)
    return predicted


def train(folder: Path, epochs: int = 3, rows: int | None = None, seed: int = 0):
    """Fine-tune on the first four fifths of the tweets; returns the model and the entity F1 on the rest."""
    import keras

    from tfbert.tasks import TokenClassifier

    words, tags = assets.entity_tweets()
    cut = int(0.8 * len(words))
    keras.utils.set_random_seed(seed)
    model = TokenClassifier.from_pretrained(folder, max_length=128)
    model.default_learning_rate = 5e-4
    model.fit(words[:cut][:rows], tags[:cut][:rows], epochs=epochs, batch_size=16, verbose=0)
    return model, entity_f1(tags[cut:], tags_of(model, words[cut:]))


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
