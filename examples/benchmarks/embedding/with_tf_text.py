"""A contender: what one writes with tensorflow-text's BertTokenizer and Keras layers on padded batches.

The layers are tfbert's with `execution="padded"`, which compute what plain Keras layers would.
"""

from pathlib import Path

import tensorflow as tf
import tensorflow_text as tf_text

from examples.benchmarks.embedding.job import Job
from tfbert import TFBertModel

job = Job.read()
pieces = (Path(job.folder) / "vocab.txt").read_text(encoding="utf-8").splitlines()
cls_id, sep_id = pieces.index("[CLS]"), pieces.index("[SEP]")
tokenizer = tf_text.BertTokenizer(str(Path(job.folder) / "vocab.txt"), lower_case=True, token_out_type=tf.int32)
model = TFBertModel.from_pretrained(job.model, add_pooling_layer=False, execution="padded")


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
def vectors_of(texts):
    tokens = tokenizer.tokenize(texts).merge_dims(-2, -1)[:, : job.max_length - 2]
    rows, types = tf_text.combine_segments([tokens], start_of_sequence_id=cls_id, end_of_segment_id=sep_id)
    ids, types = rows.to_tensor(), types.to_tensor()
    mask = tf.sequence_mask(rows.row_lengths())
    states = model(input_ids=ids, attention_mask=tf.cast(mask, tf.int32), token_type_ids=types).last_hidden_state
    return tf.math.l2_normalize(tf.reduce_sum(tf.where(mask[:, :, None], states, 0.0), axis=1), axis=1)


versions = f"tensorflow {tf.__version__}, tensorflow-text {tf_text.__version__}"
job.serve(versions, lambda texts: vectors_of(tf.constant(texts)).numpy())
