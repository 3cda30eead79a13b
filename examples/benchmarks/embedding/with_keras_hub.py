"""A contender: keras-hub's BertBackbone in a `tf.function`, weights from the same folder."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras_hub
import tensorflow as tf

from examples.benchmarks.embedding.job import Job, unit_means

job = Job.read()
backbone = keras_hub.models.BertBackbone.from_preset(job.model)
encode = job.rust_tokenizer()


@tf.function(input_signature=[tf.TensorSpec([None, None], tf.int64)] * 2)
def states_of(ids, mask):
    inputs = {"token_ids": ids, "padding_mask": mask, "segment_ids": tf.zeros_like(ids)}
    return backbone(inputs, training=False)["sequence_output"]


def embed(texts):
    ids, mask = encode(texts)
    return unit_means(states_of(tf.constant(ids), tf.constant(mask)).numpy(), mask)


job.serve(f"keras-hub {keras_hub.__version__}, tensorflow {tf.__version__}", embed)
