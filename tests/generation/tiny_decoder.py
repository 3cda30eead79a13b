"""A decoder of one attention layer over a cache, and the same sums by NumPy without one."""

import numpy as np
import tensorflow as tf

VOCABULARY, HEADS, WIDTH, COLUMNS = 13, 2, 3, 40


class TinyDecoder:
    """Logits from the last token, from attention to all visible tokens, and from a context of each prompt.

    `make_step` and `make_cache` are what `generate` takes; `next_logits` is the reference. Everything that a search
    may get wrong matters: columns, masks, the cache's order, the rows of the context.
    """

    def __init__(self, seed, contexts):
        draw = np.random.default_rng(seed)
        self.queries, self.keys, self.values = draw.normal(size=[3, VOCABULARY, HEADS, WIDTH]).astype(np.float32)
        self.columns = draw.normal(size=[COLUMNS, HEADS, WIDTH]).astype(np.float32)
        self.output = draw.normal(size=[HEADS * WIDTH, VOCABULARY]).astype(np.float32)
        self.contexts = draw.normal(size=[contexts, VOCABULARY]).astype(np.float32)
        self.calls = 0

    def next_logits(self, sequence, mask, context):
        """Return logits [V] after a sequence; `mask` is that of the prompt."""
        visible = np.array([*mask, *[1] * (len(sequence) - len(mask))], bool)
        keys, values = self.keys[sequence] + self.columns[: len(sequence)], self.values[sequence]
        weights = np.exp(np.einsum("hk,mhk->mh", self.queries[sequence[-1]], keys)) * visible[:, None]
        attended = np.einsum("mh,mhk->hk", weights / weights.sum(axis=0), values)
        return attended.reshape(-1) @ self.output + self.contexts[context]

    def make_cache(self, rows, length):
        empty = tf.zeros(tf.stack([rows, HEADS, length, WIDTH]))
        return ((empty, empty),)

    def make_step(self, copies, contexts=None):
        contexts = tf.repeat(self.contexts if contexts is None else contexts, copies, axis=0)

        def step(input_ids, first_position, attention_mask, cache):
            self.calls += 1
            new, length = tf.shape(input_ids)[1], tf.shape(attention_mask)[1]
            here = tf.range(length) - first_position
            positions = tf.gather(self.columns, first_position + tf.range(new))
            further = (tf.gather(self.keys, input_ids) + positions, tf.gather(self.values, input_ids))
            keys, values = (
                tf.where(
                    ((here >= 0) & (here < new))[:, None],
                    tf.gather(tf.transpose(written, [0, 2, 1, 3]), tf.clip_by_value(here, 0, new - 1), axis=2),
                    cached,
                )
                for written, cached in zip(further, cache[0], strict=True)
            )
            queries = tf.gather(self.queries, input_ids[:, -1])
            seen = (attention_mask[:, None, :] == 1) & (here < new)
            scores = tf.where(seen, tf.einsum("bhk,bhmk->bhm", queries, keys), -1e9)
            attended = tf.einsum("bhm,bhmk->bhk", tf.nn.softmax(scores), values)
            return tf.reshape(attended, [-1, HEADS * WIDTH]) @ self.output + contexts, ((keys, values),)

        return step


def prompts(seed, rows, columns):
    """Return random prompts [B, P] with masks that pad on the left."""
    draw = np.random.default_rng(seed)
    padding = draw.integers(0, columns, size=[rows, 1])
    return draw.integers(0, VOCABULARY, size=[rows, columns]), (np.arange(columns) >= padding).astype(np.int64)
