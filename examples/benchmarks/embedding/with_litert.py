"""A contender: a LiteRT file, made and asked by tfbert, without TensorFlow."""

from importlib.metadata import version

import tfbert.export
from examples.benchmarks.embedding.job import Job

job = Job.read()
model = tfbert.export.litert.load(job.model, threads=job.threads)
versions = ", ".join(f"{name} {version(name)}" for name in ("ai-edge-litert", "tensorflow-text"))
job.serve(versions, lambda texts: model.predict(texts)["embedding"])
