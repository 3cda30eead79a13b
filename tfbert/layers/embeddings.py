"""BertEmbeddings: ids to vectors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.layers.layer_norm import BertLayerNorm
from tfbert.layers.replayable_dropout import ReplayableDropout

FEW_ROWS = 16  # tables of no more stay as they are


@keras.saving.register_keras_serializable(package="tfbert")
class BertEmbeddings(keras.layers.Layer):
    """Adds word, position and token type embeddings, normalises and drops out.

    Calling it takes `input_ids`, `position_ids` and `token_type_ids`, int32 of one shape [...], or `inputs_embeds`
    [..., D] in place of `input_ids`; it returns [..., D].

    Args:
        vocab_size: int. Rows of the word table.
        hidden_size: int. Width D.
        max_position_embeddings: int. Rows of the position table.
        type_vocab_size: int. Rows of the token type table.
        layer_norm_eps: float, default 1e-12.
        dropout: float, default 0.1.
        initializer_range: float, default 0.02. Standard deviation of new weights.
        position_embedding_type: str, default "absolute". With relative positions nothing is added for a position; the
            table is kept, because PyTorch's checkpoints hold it, but not trained.
        pad_token_id: int or None, default None. The word whose vector begins as zeros and is not trained, as in
            PyTorch.

    Returns:
        A float tensor [..., D].

    Example:
        >>> layer = BertEmbeddings(vocab_size=30, hidden_size=8, max_position_embeddings=16, type_vocab_size=2)
        >>> ids = tf.constant([1, 2, 3])
        >>> layer(ids, position_ids=tf.range(3), token_type_ids=tf.zeros_like(ids)).shape
        TensorShape([3, 8])

    Source: Devlin et al., "BERT" (2018), figure 2.
    """

    def __init__(
        self,
        vocab_size,
        hidden_size,
        max_position_embeddings,
        type_vocab_size,
        layer_norm_eps=1e-12,
        dropout=0.1,
        initializer_range=0.02,
        position_embedding_type="absolute",
        pad_token_id=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.max_position_embeddings = max_position_embeddings
        self.type_vocab_size = type_vocab_size
        self.layer_norm_eps = layer_norm_eps
        self.dropout_rate = dropout
        self.initializer_range = initializer_range
        self.position_embedding_type = position_embedding_type
        self.pad_token_id = pad_token_id
        self._is_rounded = False
        self.norm = BertLayerNorm(epsilon=layer_norm_eps, dtype=self.dtype_policy, name="norm")
        self.dropout = ReplayableDropout(dropout, dtype=self.dtype_policy, name="dropout")

    @property
    def weight(self):
        """The word table [V, D], as Hugging Face names it."""
        return self.word_embeddings

    @property
    def adds_positions(self) -> bool:
        """Whether positions are added here rather than compared in the attention."""
        return self.position_embedding_type == "absolute"

    def build(self, input_shape=None):
        self.word_embeddings = self._table("word_embeddings", self.vocab_size, zeros_at=self.pad_token_id)
        self.position_embeddings = self._table(
            "position_embeddings", self.max_position_embeddings, trainable=self.adds_positions
        )
        self.token_type_embeddings = self._table("token_type_embeddings", self.type_vocab_size)
        self.norm.build((None, self.hidden_size))
        self.built = True

    def _table(self, name, rows, trainable=True, zeros_at=None):
        normal = keras.initializers.TruncatedNormal(stddev=self.initializer_range)

        def initializer(shape, dtype=None):
            kept = tf.range(shape[0])[:, None] != (-1 if zeros_at is None else zeros_at)
            return normal(shape, dtype) * tf.cast(kept, dtype)

        # Cast after the gather: casting on read would copy the whole table at each call.
        return self.add_weight(
            name=name, shape=(rows, self.hidden_size), initializer=initializer, trainable=trainable, autocast=False
        )

    def call(self, input_ids=None, position_ids=None, token_type_ids=None, inputs_embeds=None, training=False):
        if inputs_embeds is None:
            inputs_embeds = self._rows(self.word_embeddings, input_ids, training, self.pad_token_id)  # [..., D]
        embedded = inputs_embeds + self._rows(self.token_type_embeddings, token_type_ids, training)
        if self.adds_positions:
            embedded += self._rows(self.position_embeddings, position_ids, training)
        return self.dropout(self.norm(embedded), training=training)

    @contextlib.contextmanager
    def rounded(self) -> Iterator[None]:
        """Trace with the tables of words and positions as int8 constants, with a scale for each row."""
        self._is_rounded = True
        try:
            yield
        finally:
            self._is_rounded = False

    def _rows(self, table, ids, training, untrained=None):
        # tf.gather, not keras.layers.Embedding: its test for negative ids does not convert to LiteRT.
        if self._is_rounded and table.shape[0] > FEW_ROWS:
            return gather_rounded(table, ids)
        table = tf.convert_to_tensor(table)
        rows = gather_with_dense_gradient(table, ids, untrained) if training else tf.gather(table, ids)
        return tf.cast(rows, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "max_position_embeddings": self.max_position_embeddings,
            "type_vocab_size": self.type_vocab_size,
            "layer_norm_eps": self.layer_norm_eps,
            "dropout": self.dropout_rate,
            "initializer_range": self.initializer_range,
            "position_embedding_type": self.position_embedding_type,
            "pad_token_id": self.pad_token_id,
        }


def gather_rounded(table: keras.Variable, ids: tf.Tensor) -> tf.Tensor:
    """Look up rows of a table that is kept as int8, each row with a scale of its own.

    One scale for all words, as converters choose it, rounds rare words' small vectors away. Scales are whole multiples
    of one number, since converters would round a table of floats.

    Args:
        table: Keras variable, float [R, D].
        ids: int [...].

    Returns:
        A float32 tensor [..., D].
    """
    with tf.init_scope():  # constants of the program, not steps of it
        values = np.asarray(tf.convert_to_tensor(table), np.float32)
    scales = np.abs(values).max(axis=1, keepdims=True) / 127  # [R, 1]
    unit = max(float(scales.max()) / np.iinfo(np.int16).max, float(np.finfo(np.float32).tiny))
    multiples = np.maximum(np.ceil(scales / unit), 1).astype(np.int16)
    rounded = np.round(values / (multiples * unit)).astype(np.int8)
    return tf.cast(tf.gather(rounded, ids), tf.float32) * (tf.cast(tf.gather(multiples, ids), tf.float32) * unit)


def gather_with_dense_gradient(table: tf.Tensor, ids: tf.Tensor, untrained: int | None = None) -> tf.Tensor:
    """Look up rows of a table, with a dense gradient.

    The gradient of `tf.gather` names a row as often as its id occurs; Keras' optimizers and its clipping square the
    parts of such a row one by one, where the square of their sum is due.

    Args:
        table: float [R, D].
        ids: int [...].
        untrained: int or None. A row that gets no gradient.

    Returns:
        A float tensor [..., D].
    """

    @tf.custom_gradient
    def gather(table):
        def gradient(upstream):
            flat = tf.reshape(ids, [-1])
            segments = (
                flat if untrained is None else tf.where(flat == untrained, -1, flat)
            )  # negative ones are left out
            rows = tf.reshape(upstream, [-1, table.shape[-1]])
            return tf.math.unsorted_segment_sum(rows, segments, table.shape[0])

        return tf.gather(table, ids), gradient

    return gather(table)
