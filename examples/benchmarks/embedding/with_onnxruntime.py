"""A contender: ONNX Runtime on the graph that `export_onnx.py` and `fuse_onnx.py` made."""

import onnxruntime

from examples.benchmarks.embedding.job import Job, unit_means

job = Job.read()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = job.threads
session = onnxruntime.InferenceSession(job.model, options, providers=["CPUExecutionProvider"])
encode = job.rust_tokenizer()


def embed(texts):
    ids, mask = encode(texts)
    (states,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
    return unit_means(states, mask)


job.serve(f"onnxruntime {onnxruntime.__version__}", embed)
