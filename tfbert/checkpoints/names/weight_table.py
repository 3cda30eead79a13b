"""The one table of weight names; loading, saving and the coverage test all read it.

TensorFlow's kernels are [in, out] in every dialect, PyTorch's weights [out, in]; all other arrays are alike.
"""

from __future__ import annotations

from tfbert.checkpoints.names.turns import KEEP, TRANSPOSE, fuse_biases, fuse_kernels
from tfbert.checkpoints.names.weight_row import Row

Rows = tuple[Row, ...]


def _dense(checkpoint: str, path: str, turns=(TRANSPOSE, KEEP), **dialects: str) -> Rows:
    """Kernel and bias."""
    return _pair(checkpoint, path, turns, ("kernel", "bias"), dialects)


def _norm(checkpoint: str, path: str, **dialects: str) -> Rows:
    """Scale and offset of a layer normalisation."""
    return _pair(checkpoint, path, (KEEP, KEEP), ("gamma", "beta"), dialects)


def _head(checkpoint: str, path: str, tf: str, tf1: str) -> Rows:
    """A dense layer whose TF1 arrays lie as PyTorch's do, under other names."""
    return (
        Row(f"{checkpoint}.weight", f"{path}.kernel", TRANSPOSE, tf=f"{tf}/kernel", tf1=f"{tf1}output_weights"),
        Row(f"{checkpoint}.bias", f"{path}.bias", KEEP, tf=f"{tf}/bias", tf1=f"{tf1}output_bias"),
    )


def _pair(checkpoint, path, turns, ends, dialects) -> Rows:
    return tuple(
        Row(f"{checkpoint}.{torch_end}", f"{path}.{end}", turn, **{key: f"{at}/{end}" for key, at in dialects.items()})
        for torch_end, end, turn in zip(("weight", "bias"), ends, turns)
    )


_LAYER = "bert.encoder.layer.{i}"
_OURS = "bert.encoder.layers.{i}"
_TF = "bert/encoder/layer_._{i}"
_TF1 = "bert/encoder/layer_{i}"
_TF2 = "_transformer_layers/{i}"

TABLE: Rows = (
    Row(
        "bert.embeddings.word_embeddings.weight",
        "bert.embeddings.word_embeddings",
        KEEP,
        tf="bert/embeddings/word_embeddings/weight",
        tf1="bert/embeddings/word_embeddings",
        tf2="_embedding_layer/embeddings",
    ),
    Row(
        "bert.embeddings.position_embeddings.weight",
        "bert.embeddings.position_embeddings",
        KEEP,
        tf="bert/embeddings/position_embeddings/embeddings",
        tf1="bert/embeddings/position_embeddings",
        tf2="_position_embedding_layer/embeddings",
    ),
    Row(
        "bert.embeddings.token_type_embeddings.weight",
        "bert.embeddings.token_type_embeddings",
        KEEP,
        tf="bert/embeddings/token_type_embeddings/embeddings",
        tf1="bert/embeddings/token_type_embeddings",
        tf2="_type_embedding_layer/embeddings",
    ),
    *_norm(
        "bert.embeddings.LayerNorm",
        "bert.embeddings.norm",
        tf="bert/embeddings/LayerNorm",
        tf1="bert/embeddings/LayerNorm",
        tf2="_embedding_norm_layer",
    ),
    *_dense(
        f"{_LAYER}.attention.self.{{query,key,value}}",
        f"{_OURS}.attention.qkv",
        (fuse_kernels(3), fuse_biases(3)),
        tf=f"{_TF}/attention/self/{{query,key,value}}",
        tf1=f"{_TF1}/attention/self/{{query,key,value}}",
        tf2=f"{_TF2}/_attention_layer/_{{query,key,value}}_dense",
    ),
    Row(f"{_LAYER}.attention.self.distance_embedding.weight", f"{_OURS}.attention.distance_embedding", KEEP),
    *_dense(
        f"{_LAYER}.attention.output.dense",
        f"{_OURS}.attention.output_dense",
        tf=f"{_TF}/attention/output/dense",
        tf1=f"{_TF1}/attention/output/dense",
        tf2=f"{_TF2}/_attention_layer/_output_dense",
    ),
    *_norm(
        f"{_LAYER}.attention.output.LayerNorm",
        f"{_OURS}.attention_norm",
        tf=f"{_TF}/attention/output/LayerNorm",
        tf1=f"{_TF1}/attention/output/LayerNorm",
        tf2=f"{_TF2}/_attention_layer_norm",
    ),
    *_dense(
        f"{_LAYER}.crossattention.self.query",
        f"{_OURS}.crossattention.query",
        tf=f"{_TF}/crossattention/self/query",
    ),
    *_dense(
        f"{_LAYER}.crossattention.self.{{key,value}}",
        f"{_OURS}.crossattention.kv",
        (fuse_kernels(2), fuse_biases(2)),
        tf=f"{_TF}/crossattention/self/{{key,value}}",
    ),
    *_dense(
        f"{_LAYER}.crossattention.output.dense",
        f"{_OURS}.crossattention.output_dense",
        tf=f"{_TF}/crossattention/output/dense",
    ),
    *_norm(
        f"{_LAYER}.crossattention.output.LayerNorm",
        f"{_OURS}.crossattention_norm",
        tf=f"{_TF}/crossattention/output/LayerNorm",
    ),
    *_dense(
        f"{_LAYER}.intermediate.dense",
        f"{_OURS}.intermediate",
        tf=f"{_TF}/intermediate/dense",
        tf1=f"{_TF1}/intermediate/dense",
        tf2=f"{_TF2}/_intermediate_dense",
    ),
    *_dense(
        f"{_LAYER}.output.dense",
        f"{_OURS}.output_dense",
        tf=f"{_TF}/output/dense",
        tf1=f"{_TF1}/output/dense",
        tf2=f"{_TF2}/_output_dense",
    ),
    *_norm(
        f"{_LAYER}.output.LayerNorm",
        f"{_OURS}.output_norm",
        tf=f"{_TF}/output/LayerNorm",
        tf1=f"{_TF1}/output/LayerNorm",
        tf2=f"{_TF2}/_output_layer_norm",
    ),
    *_dense(
        "bert.pooler.dense",
        "bert.pooler.dense",
        tf="bert/pooler/dense",
        tf1="bert/pooler/dense",
        tf2="_pooler_layer",
    ),
    *_dense(
        "cls.predictions.transform.dense",
        "predictions.transform.dense",
        tf="mlm___cls/predictions/transform/dense",
        tf1="cls/predictions/transform/dense",
    ),
    *_norm(
        "cls.predictions.transform.LayerNorm",
        "predictions.transform.norm",
        tf="mlm___cls/predictions/transform/LayerNorm",
        tf1="cls/predictions/transform/LayerNorm",
    ),
    Row(
        "cls.predictions.bias",
        "predictions.bias",
        KEEP,
        tf="mlm___cls/predictions/bias",
        tf1="cls/predictions/output_bias",
    ),
    Row("cls.predictions.decoder.weight", "predictions.decoder", KEEP),
    *_head("cls.seq_relationship", "seq_relationship", tf="nsp___cls/seq_relationship", tf1="cls/seq_relationship/"),
    *_head("classifier", "classifier.dense", tf="classifier", tf1=""),
    *_head("qa_outputs", "qa_outputs", tf="qa_outputs", tf1="cls/squad/"),
)
