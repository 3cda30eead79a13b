"""A contender: PyTorch's BertModel with its fused attention (SDPA)."""

import torch
import transformers

from examples.benchmarks.embedding.job import Job, unit_means

job = Job.read()
torch.set_num_threads(job.threads)
dtype = getattr(torch, job.precision)
model = transformers.BertModel.from_pretrained(
    job.model, dtype=dtype, attn_implementation="sdpa", add_pooling_layer=False
).eval()
encode = job.rust_tokenizer()


@torch.inference_mode()
def embed(texts):
    ids, mask = encode(texts)
    states = model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state
    return unit_means(states.float().numpy(), mask)


job.serve(f"torch {torch.__version__}, transformers {transformers.__version__}", embed)
