"""Write the encoder of a Hugging Face folder as an ONNX graph: `export_onnx.py FOLDER GRAPH`, in the peer `torch`."""

import sys

import torch
import transformers

folder, path = sys.argv[1:]


class Encoder(torch.nn.Module):
    """Ids and mask in, hidden states out."""

    def __init__(self):
        super().__init__()
        self.bert = transformers.BertModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False)

    def forward(self, ids, mask):
        return self.bert(input_ids=ids, attention_mask=mask).last_hidden_state


names = ["input_ids", "attention_mask"]
ids = torch.ones(2, 8, dtype=torch.int64)
torch.onnx.export(
    Encoder().eval(),
    (ids, ids),
    path,
    input_names=names,
    output_names=["last_hidden_state"],
    dynamic_axes={name: {0: "batch", 1: "length"} for name in (*names, "last_hidden_state")},
    dynamo=False,  # ONNX Runtime fuses the attention of these graphs, not of those by `torch.export`
)
