"""Where masks stand in rows of ids, which words may fill them, and which tokens are hidden to learn from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfbert.training.losses.label_losses import IGNORED_LABEL

SHARE = 0.15  # of the tokens of a text that are predicted
AS_MASK = 0.8  # of these, how many the model sees as [MASK]
AS_RANDOM = 0.1  # and how many as a random piece; it sees the others as they are
NOWHERE = -1
logger = logging.getLogger("tfbert")


def positions_of(here: tf.Tensor) -> tf.Tensor:
    """Return the columns that are marked in each row, in their order.

    Args:
        here: Tensor bool [B, S].

    Returns:
        Tensor int32 [B, M], M the most in a row; -1 behind a row's last.

    Example:
        >>> positions_of(tf.constant([[True, False, True], [False, True, False]])).numpy().tolist()
        [[0, 2], [1, -1]]
    """
    row, column = tf.unstack(tf.where(here), axis=1)
    rows = tf.RaggedTensor.from_value_rowids(
        tf.cast(column, tf.int32), row, tf.shape(here, tf.int64)[0], validate=False
    )
    return rows.to_tensor(NOWHERE)


def labels_at(input_ids: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """Return the ids at positions, as labels.

    Args:
        input_ids: Tensor int32 [B, S].
        positions: Tensor int32 [B, M], -1 for none.

    Returns:
        Tensor int32 [B, M], -100 for none.
    """
    return tf.where(positions < 0, IGNORED_LABEL, tf.gather(input_ids, tf.maximum(positions, 0), batch_dims=1))


def target_ids(tokenizer: Any, targets: Sequence[str]) -> list[int]:
    """Return the ids that words stand for; a word that is no piece stands for its first, with a warning.

    Args:
        tokenizer: `FastBertTokenizer`.
        targets: Sequence of str.

    Returns:
        A list of int, ascending.

    Raises:
        TypeError: If a target is no str.
        ValueError: If no target has a piece.

    Source: `FillMaskPipeline.get_target_ids` of Hugging Face transformers.
    """
    if isinstance(targets, bytes) or any(not isinstance(target, str) for target in targets):
        raise TypeError(f"`targets` must be a list of words. Received: {targets!r}.")
    table, found = tokenizer.token_table, set()
    for target in targets:
        ids = [table.ids[target]] if target in table.ids else tokenizer.tokenize([target])[0].numpy().tolist()
        if not ids:
            logger.warning("The target %r has no piece in the vocabulary and is passed over.", target)
            continue
        if target not in table.ids:
            logger.warning("The target %r is no piece of the vocabulary; %r counts.", target, table.tokens[ids[0]])
        found.add(int(ids[0]))
    if not found:
        raise ValueError(
            f"`targets` must hold at least one word with a piece in the vocabulary. Received: {targets!r}."
        )
    return sorted(found)


def hide_tokens(
    input_ids: tf.Tensor,
    may_hide: tf.Tensor,
    mask_token_id: int,
    vocab_size: int,
    seed: tf.Tensor,
    goes_on: tf.Tensor | bool = False,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Draw the tokens of each row that the model has to predict: 15 %, at least one.

    Eight in ten of them become [MASK], one a random piece, and one stays.

    Args:
        input_ids: Tensor int32 [B, S].
        may_hide: Tensor bool [B, S]. False at special tokens and padding.
        mask_token_id: int.
        vocab_size: int. Random pieces have smaller ids.
        seed: Tensor int [2]. The same seed hides the same tokens.
        goes_on: Tensor bool [B, S], default False. Where a piece goes on with the word before it; words are hidden as
            wholes, those that would exceed the share are passed over, and what becomes of it is drawn for each piece.

    Returns:
        What the model sees, int32 [B, S]; the positions to predict, int32 [B, M] in no order, -1 for none; and the
        ids there, int32 [B, M], -100 for none. M follows from S alone.

    Source: Devlin et al., "BERT" (2018), section 3.1, and its `create_pretraining_data.py`, also for whole words.
    """
    of_words, of_kinds, of_pieces = tf.unstack(tf.random.split(tf.cast(seed, tf.int32), 3))
    is_hidden = _draw_words(may_hide, goes_on, of_words)
    marked, columns = tf.math.top_k(tf.cast(is_hidden, tf.int32), _share_of(tf.shape(input_ids)[1]))  # [B, M]
    positions = tf.where(marked > 0, columns, NOWHERE)
    labels = labels_at(input_ids, positions)

    chance = tf.random.stateless_uniform(tf.shape(labels), of_kinds)
    random_ids = tf.random.stateless_uniform(tf.shape(labels), of_pieces, 0, vocab_size, tf.int32)
    seen = tf.where(chance < AS_MASK, mask_token_id, tf.where(chance < AS_MASK + AS_RANDOM, random_ids, labels))
    chosen = tf.where(positions >= 0)  # [N, 2]
    column = tf.cast(tf.gather_nd(positions, chosen), tf.int64)
    places = tf.stack([chosen[:, 0], column], axis=1)
    return tf.tensor_scatter_nd_update(input_ids, places, tf.gather_nd(seen, chosen)), positions, labels


def _draw_words(may_hide: tf.Tensor, goes_on: tf.Tensor | bool, seed: tf.Tensor) -> tf.Tensor:
    """Mark the pieces of words drawn in random order, as many as fit into the share; bool [B, S]."""
    pieces = tf.where(may_hide)  # [N, 2]
    is_next = may_hide & tf.pad(may_hide, [[0, 0], [1, 0]])[:, :-1]  # beside a piece that may be hidden, too
    begins = tf.cast(may_hide & ~(goes_on & is_next), tf.int32)
    word = tf.gather_nd(tf.cumsum(begins, axis=1) - 1, pieces)  # [N]
    places = tf.stack([pieces[:, 0], tf.cast(word, tf.int64)], axis=1)
    size = tf.scatter_nd(places, tf.ones_like(word), tf.shape(may_hide, tf.int64))  # [B, W], 0 behind the last word

    order = tf.argsort(tf.random.stateless_uniform(tf.shape(size), seed), axis=1)
    chosen = _fitting(tf.gather(size, order, batch_dims=1), _wanted(may_hide))
    is_chosen = tf.gather(chosen, tf.argsort(order, axis=1), batch_dims=1)  # [B, W]
    return tf.scatter_nd(pieces, tf.gather_nd(is_chosen, places), tf.shape(may_hide, tf.int64))


def _fitting(size: tf.Tensor, room: tf.Tensor) -> tf.Tensor:
    """Choose words in their order, each if there is room for it; bool [B, W] for sizes [B, W] and room [B]."""

    def choose(chosen, _):
        # All up to the first that is too long; what follows it gets its chance in the next turn.
        left = room - tf.reduce_sum(tf.where(chosen, size, 0), axis=1)
        fits = ~chosen & (size > 0) & (size <= left[:, None])
        fits &= tf.cumsum(tf.where(fits, size, 0), axis=1) <= left[:, None]
        return chosen | fits, tf.reduce_any(fits)

    return tf.while_loop(lambda _, goes_on: goes_on, choose, (tf.zeros_like(size, tf.bool), tf.constant(True)))[0]


def _wanted(may_hide: tf.Tensor) -> tf.Tensor:
    available = tf.reduce_sum(tf.cast(may_hide, tf.int32), axis=1)  # [B]
    return tf.minimum(available, _share_of(available))


def _share_of(count: tf.Tensor) -> tf.Tensor:
    return tf.maximum(1, tf.cast(tf.round(SHARE * tf.cast(count, tf.float32)), tf.int32))
