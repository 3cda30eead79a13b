"""The main job, end to end: fine-tune a BERT from raw tweets, export it, and leave a SavedModel that answers strings.

    python examples/sentiment.py        # a second run finds what is there and trains nothing

Data: the tweets of vaderSentiment with |valence| >= 0.5, stratified 80/20, seed 0. Start: all-MiniLM-L6-v2.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from examples import assets  # noqa: E402

EXPORT = ROOT / "saved_models" / "sentiment" / "1"
OUTPUT = ROOT / "outputs" / "sentiment"
CHECKPOINT, RECORD = OUTPUT / "checkpoint", OUTPUT / "record.json"
PROBES = [
    "I love this phone, best purchase ever!",
    "This is the worst service I have ever had.",
    "Yay. Another good phone interview.",
    "so tired and sad today",
    "The movie was not good at all",
]
# Accuracy on the same split without fine-tuning, as examples/benchmarks/sentiment_baselines.py prints it.
BASELINES = {
    "majority class": 0.683,
    "tf-idf + logistic regression": 0.859,
    "frozen MiniLM + logistic regression": 0.904,
}


def split_tweets(seed: int = 0):
    """Return (training texts, held-out texts, training labels, held-out labels)."""
    from sklearn.model_selection import train_test_split

    texts, labels = assets.tweets()
    return train_test_split(texts, labels, test_size=0.2, random_state=seed, stratify=labels)


def train(folder: Path, epochs: int, batch_size: int, learning_rate: float, seed: int, rows: int | None = None):
    """Fine-tune on raw strings, all or the first rows; returns the classifier and its held-out accuracy."""
    import keras

    from tfbert.tasks import TextClassifier
    from tfbert.training import BertAdamW, LinearWarmup

    train_texts, test_texts, train_labels, test_labels = split_tweets()
    train_texts, train_labels = train_texts[:rows], train_labels[:rows]
    keras.utils.set_random_seed(seed)
    classifier = TextClassifier.from_pretrained(folder, max_length=128)
    steps = -(-len(train_texts) // batch_size) * epochs
    optimizer = BertAdamW(LinearWarmup(learning_rate, total_steps=steps), global_clipnorm=1.0)
    classifier.compile(optimizer=optimizer, metrics=["accuracy"])
    classifier.fit(train_texts, train_labels, batch_size=batch_size, epochs=epochs)
    metrics = classifier.evaluate(test_texts, test_labels, verbose=0, return_dict=True)
    return classifier, metrics["accuracy"], len(test_texts)


def trained_checkpoint(
    epochs: int = 4, batch_size: int = 16, learning_rate: float = 1e-4, seed: int = 0, again: bool = False
) -> Path:
    """Return the folder of the fine-tuned classifier; it is trained and exported first if it is missing."""
    if again or not (CHECKPOINT.is_dir() and EXPORT.is_dir() and RECORD.is_file()):
        folder = assets.minilm_folder()
        start = time.monotonic()
        classifier, accuracy, held_out = train(folder, epochs, batch_size, learning_rate, seed)
        classifier.save_pretrained(CHECKPOINT)
        classifier.export(EXPORT, overwrite=True)
        record = {
            "accuracy": accuracy,
            "held_out": held_out,
            "seconds": round(time.monotonic() - start),
            "texts": PROBES,
            "logits": classifier.predict(PROBES, verbose=0)["logits"].tolist(),
        }
        RECORD.write_text(json.dumps(record, indent=2) + "\n")
    return CHECKPOINT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", action="store_true", help="train even if a trained model is there")
    trained_checkpoint(**vars(parser.parse_args()))
    record = json.loads(RECORD.read_text())
    print(f"\nHeld-out accuracy on {record['held_out']} tweets (trained in {record['seconds']} s)")
    for name, baseline in BASELINES.items():
        print(f"  {baseline:.3f}  {name}")
    print(f"  {record['accuracy']:.3f}  tfbert, fine-tuned from raw strings")
    print(f"\nSavedModel: {EXPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
