"""A contender: tfbert's TFBertForSequenceClassification under `fit` of Keras, packed or padded."""

import sys
import time

import tensorflow as tf

from examples.benchmarks.peers import serve_turns
from examples.benchmarks.training_steps import batches
from tfbert import TFBertForSequenceClassification
from tfbert.training import BertAdamW
from tfbert.version import __version__

folder, path, execution = sys.argv[1:4]
model = TFBertForSequenceClassification.from_pretrained(folder, num_labels=2, execution=execution)
optimizer = BertAdamW(batches.LEARNING_RATE, weight_decay=batches.WEIGHT_DECAY, global_clipnorm=batches.CLIP_NORM)
model.compile(optimizer)
data = batches.read(path)
spec = {name: tf.TensorSpec([None, None] if name != "labels" else [None], tf.int32) for name in batches.NAMES}
dataset = tf.data.Dataset.from_generator(lambda: data, output_signature=spec)
dataset = dataset.map(lambda batch: (batch, batch.pop("labels"))).cache()


def work():
    start = time.perf_counter()
    history = model.fit(dataset, epochs=1, verbose=0).history
    return {"seconds": time.perf_counter() - start, "loss": history["loss"][-1]}


serve_turns({"versions": f"tfbert {__version__}, tensorflow {tf.__version__}"}, work)
