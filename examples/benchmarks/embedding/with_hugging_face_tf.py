"""A contender: Hugging Face's TFBertModel in a `tf.function`."""

import tensorflow as tf
import transformers

from examples.benchmarks.embedding.job import Job, unit_means

job = Job.read()
model = transformers.TFBertModel.from_pretrained(job.model)
encode = job.rust_tokenizer()


@tf.function(input_signature=[tf.TensorSpec([None, None], tf.int64)] * 2)
def states_of(ids, mask):
    return model(input_ids=ids, attention_mask=mask, training=False).last_hidden_state


def embed(texts):
    ids, mask = encode(texts)
    return unit_means(states_of(tf.constant(ids), tf.constant(mask)).numpy(), mask)


job.serve(f"transformers {transformers.__version__}, tensorflow {tf.__version__}", embed)
