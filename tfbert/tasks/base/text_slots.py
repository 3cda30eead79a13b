"""Rows that set one text beside several others, [B] and [B, C]: a pair for each slot; "" in a slot is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.export.verify import SHORT_PROBE_TEXTS
from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer


def tokenize_slots(
    tokenizer: FastBertTokenizer, text: tf.Tensor, others: tf.Tensor, **options: Any
) -> dict[str, tf.Tensor]:
    """Pair the text of each row with each of its others.

    Args:
        tokenizer: `FastBertTokenizer`.
        text: string [B].
        others: string [B, C].
        **options: Options of the tokenizer's call.

    Returns:
        A dict of int32 [B·C, S]: `input_ids`, `attention_mask`, `token_type_ids`. The attention mask of an empty slot
        is 0 all over, so that it costs next to nothing and can be told from the others.
    """
    flat = tf.reshape(others, [-1])
    is_text = flat != ""
    row = tf.range(tf.size(flat)) // tf.maximum(tf.shape(others)[1], 1)
    options.update(return_attention_mask=True, return_token_type_ids=True)
    features = tokenizer(tf.gather(text, row), flat, shown=is_text, **options)
    features["attention_mask"] *= tf.expand_dims(tf.cast(is_text, tf.int32), 1)
    return features


def check_rows(columns: dict[str, tf.Tensor], name: str) -> None:
    """Refuse rows without a text in any slot, where values are at hand; a server answers them with nothing.

    Args:
        columns: dict of string tensors.
        name: str. The column of several texts.

    Raises:
        ValueError: If there is one; the message names it.
    """
    if tf.is_symbolic_tensor(columns[name]):
        return
    empty = np.flatnonzero(~(columns[name].numpy() != b"").any(axis=1))
    if empty.size:
        raise ValueError(f"`{name}` must hold at least one text for each row. Received: none at row {empty[0]}.")


def slot_probes(probes: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return probes with a further column of several texts: rows of three, of two, of one and of none in turn.

    Args:
        probes: Sequence of dicts with the column "text".
        name: str. The further column.

    Returns:
        A list of dicts.
    """
    texts = SHORT_PROBE_TEXTS[1:]
    counts = [*range(len(texts), -1, -1)]
    table = [[text if slot < count else "" for slot, text in enumerate(texts)] for count in counts]
    return [{**probe, name: [table[row % len(table)] for row in range(len(probe["text"]))]} for probe in probes]
