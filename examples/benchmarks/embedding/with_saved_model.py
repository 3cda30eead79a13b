"""A contender: tfbert's SavedModel, served without tfbert."""

import tensorflow as tf
import tensorflow_text

from examples.benchmarks.embedding.job import Job

job = Job.read()
model = tf.saved_model.load(job.model)
answer = model.signatures["serving_default"]
versions = f"tensorflow {tf.__version__}, tensorflow-text {tensorflow_text.__version__}"
job.serve(versions, lambda texts: answer(text=tf.constant(texts))["embedding"].numpy())
