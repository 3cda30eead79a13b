"""A contender: PyTorch's BertForSequenceClassification, AdamW, clipped gradients."""

import os
import sys
import time

import torch
import transformers

from examples.benchmarks.peers import serve_turns
from examples.benchmarks.training_steps import batches

torch.set_num_threads(int(os.environ["TFBERT_THREADS"]))
folder, path = sys.argv[1:3]
model = transformers.BertForSequenceClassification.from_pretrained(folder, num_labels=2)
model.train()
spared = [parameter for parameter in model.parameters() if parameter.ndim == 1]
decayed = [parameter for parameter in model.parameters() if parameter.ndim > 1]
groups = [{"params": decayed, "weight_decay": batches.WEIGHT_DECAY}, {"params": spared, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=batches.LEARNING_RATE)
data = [{name: torch.tensor(values.astype("int64")) for name, values in batch.items()} for batch in batches.read(path)]


def work():
    start, losses = time.perf_counter(), []
    for batch in data:
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), batches.CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return {"seconds": time.perf_counter() - start, "loss": sum(losses) / len(losses)}


serve_turns({"versions": f"torch {torch.__version__}, transformers {transformers.__version__}"}, work)
