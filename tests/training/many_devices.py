"""A training that is run on one device, on several, and by several processes; run as a script, by one of those.

python -m tests.training.many_devices '{"kind": "words", "folder": …, "out": …}'
"""

import json
import os
import signal
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from tests.tasks.conftest import NEGATIVE, POSITIVE
from tfbert.tasks import MaskFiller, TextClassifier, TextEmbedder, TokenClassifier
from tfbert.training import BertAdamW, LinearWarmup, ResumableTraining
from tfbert.training.distributed import join_workers, wait_for_workers

TEXTS = [*POSITIVE, *NEGATIVE]
CLASSES = ["good"] * len(POSITIVE) + ["bad"] * len(NEGATIVE)
WORDS = [text.split() for text in TEXTS]
TAGS = [["LONG" if len(word) > 3 else "O" for word in words] for words in WORDS]
# Task, labels of a new head, data, rows of a batch; threes leave one row, and so a device without any, at the end.
KINDS = {
    "classes": (TextClassifier, {0: "bad", 1: "good"}, (TEXTS, CLASSES), 4),
    "words": (TokenClassifier, {0: "O", 1: "LONG"}, (WORDS, TAGS), 3),
    "masks": (MaskFiller, None, (TEXTS,), 3),
    "pairs": (TextEmbedder, None, ({"text": POSITIVE, "text_pair": NEGATIVE},), 3),
}
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


class KillAt(keras.callbacks.Callback):
    """Kills this process after so many batches."""

    def __init__(self, batches):
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def make_checkpoint(kind, bare, folder):
    """Write a checkpoint whose head is new, but the same for everyone who loads it."""
    task, names, *_ = KINDS[kind]
    keras.utils.set_random_seed(1)
    task.from_pretrained(bare, **({"id2label": names} if names else {})).save_pretrained(folder)


def train(kind, folder, strategy, callbacks=(), rows=None):
    """Train two epochs; return metrics and weights."""
    task, _, data, batch_size = KINDS[kind]
    keras.utils.set_random_seed(2)
    with strategy.scope():
        model = task.from_pretrained(folder, **NO_DROPOUT)
        # A larger epsilon: it is noise that moves what has no gradient, such as the bias of keys.
        optimizer = BertAdamW(LinearWarmup(1e-3, total_steps=8), epsilon=1e-5, global_clipnorm=0.5)
        model.compile(optimizer, metrics=model.default_metrics())
    data = [part if isinstance(part, dict) else part[:rows] for part in data]
    validation = (data[0][:5], data[1][:5]) if kind == "classes" else None
    np.random.seed(3)  # the order of texts
    history = model.fit(
        *data, batch_size=batch_size, epochs=2, verbose=0, validation_data=validation, callbacks=list(callbacks)
    )
    metrics = {name: values for name, values in history.history.items() if "/s" not in name}
    return metrics, [np.asarray(weight) for weight in model.weights]


def strategy_of(settings):
    if "addresses" in settings:
        return join_workers(settings["addresses"], settings["index"], timeout=60)
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def main(settings):
    strategy = strategy_of(settings)
    callbacks = [ResumableTraining(settings["backup"], save_freq=2)] if "backup" in settings else []
    if "kill_at" in settings:
        callbacks.append(KillAt(settings["kill_at"]))
    metrics, weights = train(settings["kind"], settings["folder"], strategy, callbacks, settings.get("rows"))
    np.savez(settings["out"], np.array(json.dumps(metrics)), *weights)
    wait_for_workers(strategy)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
