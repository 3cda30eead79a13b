"""Entities of windows that overlap: one of those that lie over each other is kept."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tfbert.tasks.decoding.entities import Entities
from tfbert.tasks.decoding.runs import Runs
from tfbert.tasks.decoding.text_bytes import TextBytes


class _Stretches(NamedTuple):
    """Entities in the order of their beginnings; places count bytes through all texts."""

    start: tf.Tensor
    end: tf.Tensor
    characters: tf.Tensor
    score: tf.Tensor


def without_overlaps(entities: Entities, texts: TextBytes) -> Entities:
    """Keep one of the entities that lie over each other: the longer one, and of two as long the surer one.

    Each entity of a text, by where it begins, is held against the one last kept, whose place it takes or not.

    Args:
        entities: `Entities` of overlapping windows.
        texts: `TextBytes`.

    Returns:
        `Entities`, by text and by where they begin.

    Source: `aggregate_overlapping_entities` of Hugging Face transformers.
    """
    characters = texts.characters(entities.text, entities.start, entities.end)
    begin = tf.gather(texts.begins, entities.text)
    start, end = begin + tf.cast(entities.start, tf.int64), begin + tf.cast(entities.end, tf.int64)
    order = tf.argsort(start, stable=True)
    stretches = _Stretches(*(tf.gather(values, order) for values in (start, end, characters, entities.score)))
    return entities.at(tf.gather(order, tf.where(_kept(stretches))[:, 0]))


def _kept(stretches: _Stretches) -> tf.Tensor:
    """Whether each entity is kept, bool [E]."""
    count = tf.size(stretches.start)
    # Where all earlier ones have ended a new heap begins, and what came before has no say in it.
    ended = tf.searchsorted(tf.sort(stretches.end), stretches.start, side="right")
    heaps = Runs.beginning_at(ended >= tf.range(count))
    size = heaps.last - heaps.first + 1

    def step(place, held, kept):
        following = tf.minimum(heaps.first + place, heaps.last)
        is_there = place < size
        is_apart = tf.gather(stretches.start, following) >= tf.gather(stretches.end, held)
        is_kept = is_there & is_apart
        kept = tf.tensor_scatter_nd_update(kept, held[:, None], is_kept | tf.gather(kept, held))
        takes_over = is_there & (is_apart | _is_better(stretches, following, held))
        return place + 1, tf.where(takes_over, following, held), kept

    # One after the other, as what is held decides what is next; all heaps at once, and they are small.
    most = tf.reduce_max(tf.concat([size, [1]], axis=0))
    _, held, kept = tf.while_loop(
        lambda place, held, kept: place < most, step, (tf.constant(1), heaps.first, tf.zeros([count], tf.bool))
    )
    return tf.tensor_scatter_nd_update(kept, held[:, None], tf.ones_like(held, tf.bool))


def _is_better(stretches: _Stretches, one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    longer = tf.gather(stretches.characters, one) - tf.gather(stretches.characters, other)
    return (longer > 0) | ((longer == 0) & (tf.gather(stretches.score, one) > tf.gather(stretches.score, other)))
