"""A contender: Hugging Face's TFBertForSequenceClassification under `fit` of tf_keras."""

import sys
import time

import tensorflow as tf
import tf_keras
import transformers

from examples.benchmarks.peers import serve_turns
from examples.benchmarks.training_steps import batches

folder, path = sys.argv[1:3]
model = transformers.TFBertForSequenceClassification.from_pretrained(folder, num_labels=2)
optimizer = tf_keras.optimizers.AdamW(
    batches.LEARNING_RATE, weight_decay=batches.WEIGHT_DECAY, global_clipnorm=batches.CLIP_NORM
)
optimizer.exclude_from_weight_decay(var_names=["bias", "LayerNorm"])
model.compile(optimizer=optimizer)
data = batches.read(path)
spec = {name: tf.TensorSpec([None, None] if name != "labels" else [None], tf.int32) for name in batches.NAMES}
dataset = tf.data.Dataset.from_generator(lambda: data, output_signature=spec).cache()


def work():
    start = time.perf_counter()
    history = model.fit(dataset, epochs=1, verbose=0).history
    return {"seconds": time.perf_counter() - start, "loss": history["loss"][-1]}


serve_turns({"versions": f"transformers {transformers.__version__}, tensorflow {tf.__version__}"}, work)
