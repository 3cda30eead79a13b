"""What fine-tuning from raw strings reaches on real data, three seeds each.

    python examples/results.py                       # everything: about two hours on two cores
    python examples/results.py movies emails         # some of it
    python examples/results.py sentiment --seeds 0   # one seed

Start is all-MiniLM-L6-v2, each split the same for all seeds. Figures are kept in outputs/results.json as they come, and
a second run goes on where the first one ended.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from examples import assets  # noqa: E402

RECORD = ROOT / "outputs" / "results.json"


class Experiment(NamedTuple):
    """What is trained, and what it is measured by.

    Args:
        run: Function of a seed that returns the figure.
        what: str. Data and task.
        metric: str.
        before: float. The figure without training: the frozen encoder with a linear model, the encoder as it came,
            guessing by frequencies.
    """

    run: Callable[[int], float]
    what: str
    metric: str
    before: float


def split(*columns, seed: int = 0, stratify: bool = True):
    """Four fifths to train on and one to test on: (training part, test part) of each column."""
    from sklearn.model_selection import train_test_split

    parts = train_test_split(*columns, test_size=0.2, random_state=seed, stratify=columns[-1] if stratify else None)
    return [(parts[2 * index], parts[2 * index + 1]) for index in range(len(columns))]


def fine_tuned(
    texts, labels, seed: int, epochs: int, max_length: int = 128, group_by_length: bool = False, **options
) -> dict[str, float]:
    """Train a TextClassifier on the first part of texts and labels; return its metrics on the second."""
    import keras

    from tfbert.tasks import TextClassifier

    keras.utils.set_random_seed(seed)
    model = TextClassifier.from_pretrained(assets.minilm_folder(), max_length=max_length, **options)
    model.default_learning_rate = 1e-4
    model.fit(texts[0], labels[0], batch_size=16, epochs=epochs, group_by_length=group_by_length, verbose=2)
    return model.evaluate(texts[1], labels[1], verbose=0, return_dict=True)


def sentiment(seed: int) -> float:
    """Tweets, positive or negative."""
    from examples.sentiment import split_tweets

    texts, test_texts, labels, test_labels = split_tweets()
    return fine_tuned((texts, test_texts), (labels, test_labels), seed, epochs=4)["accuracy"]


def valence(seed: int) -> float:
    """Tweets, how positive from -4 to 4."""
    texts, values = split(*assets.rated_texts("tweets"), stratify=False)
    return fine_tuned(texts, values, seed, epochs=4, problem_type="regression")["pearson"]


def movies(seed: int) -> float:
    """Snippets of movie reviews, positive or negative."""
    rated = [row for row in zip(*assets.rated_texts("movieReviewSnippets")) if abs(row[1]) >= 0.5]
    signs = ["positive" if value > 0 else "negative" for _, value in rated]
    return fine_tuned(*split([text for text, _ in rated], signs), seed, epochs=2)["accuracy"]


def emails(seed: int) -> float:
    """Whole e-mails, ham or spam, up to 256 tokens."""
    return fine_tuned(*split(*assets.emails()), seed, epochs=1, max_length=256, group_by_length=True)["accuracy"]


def entities(seed: int) -> float:
    """Names of people, places and products in tweets."""
    from examples.entities import train

    return train(assets.minilm_folder(), seed=seed)[1]


def similarity(seed: int) -> float:
    """Vectors of news, learned from the halves of other news, against what people say of pairs."""
    from examples.similarity import train

    return train(assets.minilm_folder(), seed)[2]


def pretraining(seed: int) -> float:
    """A small model from nothing but text: the perplexity of hidden pieces in paragraphs that were held out."""
    from examples.pretrain import train, write_corpus

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "guide.txt"
        write_corpus(corpus)
        return train(corpus, epochs=60, seed=seed)["model"]


EXPERIMENTS = {
    "sentiment": Experiment(sentiment, "tweets, positive or negative", "accuracy", 0.904),
    "valence": Experiment(valence, "tweets, valence", "Pearson", 0.836),
    "movies": Experiment(movies, "movie review snippets, positive or negative", "accuracy", 0.793),
    "emails": Experiment(emails, "e-mails, ham or spam", "accuracy", 0.947),
    "entities": Experiment(entities, "names in tweets", "entity F1", 0.286),
    "similarity": Experiment(similarity, "similarity of news, no labels", "Pearson", 0.654),
    "pretraining": Experiment(pretraining, "hidden pieces, from scratch", "perplexity", 452.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(EXPERIMENTS)} (default: all)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    args = parser.parse_args()
    unknown = set(args.names) - set(EXPERIMENTS)
    if unknown:
        parser.error(f"no experiment {sorted(unknown)[0]!r}; there are {', '.join(EXPERIMENTS)}")
    record = json.loads(RECORD.read_text()) if RECORD.is_file() else {}
    for name in args.names or EXPERIMENTS:
        for seed in args.seeds:
            if str(seed) not in record.setdefault(name, {}):
                start = time.monotonic()
                figure = EXPERIMENTS[name].run(seed)
                record[name][str(seed)] = {"figure": float(figure), "seconds": round(time.monotonic() - start)}
                RECORD.parent.mkdir(exist_ok=True)
                RECORD.write_text(json.dumps(record, indent=2) + "\n")
                print(f"{name}, seed {seed}: {figure:.3f}", flush=True)
    print("\n| data | figure | before | seeds | mean |\n| --- | --- | --- | --- | --- |")
    for name in args.names or EXPERIMENTS:
        experiment, figures = EXPERIMENTS[name], [record[name][str(seed)]["figure"] for seed in args.seeds]
        each = ", ".join(f"{figure:.3f}" for figure in figures)
        print(
            f"| {experiment.what} | {experiment.metric} | {experiment.before:.3f} | {each} "
            f"| {statistics.mean(figures):.3f} |"
        )


if __name__ == "__main__":
    main()
