"""Answer raw strings from a SavedModel in a process that has never heard of tfbert.

    python examples/answer_without_tfbert.py saved_models/sentiment/1 "any text" "another one"

Without texts it answers those that the training run recorded, and compares.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401  # registers the tokenizer's ops

RECORD = Path(__file__).resolve().parent.parent / "outputs" / "sentiment" / "record.json"


def main() -> None:
    path, *texts = sys.argv[1:]
    model = tf.saved_model.load(path)
    record = json.loads(RECORD.read_text()) if not texts else {}
    answers = model.signatures["serving_default"](text=tf.constant(texts or record["texts"]))
    assert "tfbert" not in sys.modules
    print("A new process, without tfbert:")
    for label, score, text in zip(answers["label"].numpy(), answers["score"].numpy(), texts or record["texts"]):
        print(f"  {label.decode():8}  {score:.4f}  {text}")
    if record:
        worst = np.abs(answers["logits"].numpy() - np.array(record["logits"])).max()
        print(f"Largest difference to the Keras model's logits: {worst:.1e}")


if __name__ == "__main__":
    main()
