"""Answer raw strings from a SavedModel in a process that has never heard of tfbert.

    python examples/answer_without_tfbert.py saved_models/sentiment/1 "any text" "another one"

It also answers the texts that the training run recorded, and compares with what the Keras model said then.
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
    path, *given = sys.argv[1:]
    model = tf.saved_model.load(path)
    answer = model.signatures["serving_default"]
    record = json.loads(RECORD.read_text()) if RECORD.is_file() else {"texts": [], "logits": []}
    texts = record["texts"] + given
    outputs = answer(text=tf.constant(texts))
    print(f"Answers of a process that imported tfbert: {'tfbert' in sys.modules}")
    for label, score, text in zip(outputs["label"].numpy(), outputs["score"].numpy(), texts):
        print(f"  {label.decode():8}  {score:.4f}  {text}")
    if record["texts"]:
        recorded = answer(text=tf.constant(record["texts"]))["logits"].numpy()
        worst = np.abs(recorded - np.array(record["logits"])).max()
        print(f"Largest difference to the Keras model's logits: {worst:.1e}")


if __name__ == "__main__":
    main()
