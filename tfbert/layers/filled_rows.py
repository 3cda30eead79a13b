"""FilledRows: several texts side by side in each row that attention works on.

Letters: B batch, S positions, N tokens, R rows, W places of a row, P parts, H heads, K width of a head.
"""

from __future__ import annotations

import tensorflow as tf

from tfbert.layers.attention_masks import LOWEST
from tfbert.layers.token_layout import PackedLayout

# Of places, and of rows where they are many: oneDNN prepares and keeps a kernel for each shape that it meets.
MULTIPLE = 8


class FilledRows:
    """Rows of a few more places than the longest text has tokens, filled with texts in order, none of them divided.

    Attention costs R·W², which for texts of mixed length is far less than the B·S² of one text a row. `bias` keeps the
    texts of a row apart.

    Args:
        layout: `PackedLayout` of the tokens.
        attention_mask: int [B, S]. Above 0 at real tokens.

    Source: Krell et al., "Efficient sequence packing without cross-contamination" (2021), here in the graph.
    """

    def __init__(self, layout: PackedLayout, attention_mask: tf.Tensor):
        lengths = layout.lengths  # [B]
        count = layout.count
        starts = tf.cumsum(lengths, exclusive=True)  # [B]
        longest = tf.reduce_max(tf.concat([lengths, [1]], 0))
        self._width = longest + -longest % MULTIPLE  # W
        begins_row = _begins_row(lengths, self._width)  # [B]
        first = tf.boolean_mask(starts, begins_row)  # [R]: the token that a row begins with
        empty = -tf.size(first) % tf.where(tf.size(first) < 32, 1, MULTIPLE)
        first = tf.concat([first, tf.fill([MULTIPLE], count)[:empty]], 0)
        filled = tf.concat([first[1:], [count]], 0) - first  # [R]

        places = tf.range(self._width)  # [W]
        is_filled = places < filled[:, None]  # [R, W]
        self._tokens = tf.where(is_filled, first[:, None] + places, 0)  # [R, W]

        text = layout.positions // tf.shape(attention_mask)[1]  # [N]
        self._row = tf.gather(tf.cumsum(tf.cast(begins_row, tf.int32)) - 1, text)  # [N]
        number = tf.cumsum(tf.ones_like(layout.positions), exclusive=True)  # [N]; of a range the length is not known
        self._place = tf.where(number < count, number - tf.gather(first, self._row), 0)  # [N]
        self._indices: dict = {}  # one for all layers
        self.bias = self._bias(attention_mask, layout.positions, text, is_filled)

    def split_heads(self, flat: tf.Tensor, parts: int, num_heads: int) -> list[tf.Tensor]:
        """[N, P·H·K] to P tensors [R, H, W, K]; what stands at empty places does not matter."""
        slices = tf.reshape(flat, [-1, flat.shape[1] // (parts * num_heads)])  # [N·P·H, K]
        return [tf.gather(slices, index) for index in self._parts_of_tokens(parts, num_heads)]

    def merge_heads(self, context: tf.Tensor) -> tf.Tensor:
        """[R, H, W, K] to [N, H·K]."""
        num_heads, head_size = context.shape[1], context.shape[3]
        slices = tf.reshape(context, [-1, head_size])  # [R·H·W, K]
        chosen = tf.gather(slices, self._heads_of_places(num_heads))  # [N, H, K]
        return tf.reshape(chosen, [-1, num_heads * head_size])

    def _parts_of_tokens(self, parts, num_heads):
        """P tensors int32 [R, H, W]: which of N·P·H slices stands at each place."""
        if (parts, num_heads) not in self._indices:
            first = tf.expand_dims(self._tokens * (parts * num_heads), 1)  # [R, 1, W]
            heads = tf.reshape(tf.range(parts * num_heads), [parts, num_heads, 1])
            self._indices[parts, num_heads] = [first + heads[part] for part in range(parts)]
        return self._indices[parts, num_heads]

    def _heads_of_places(self, num_heads):
        """Int32 [N, H]: which of R·H·W slices are the heads of each token."""
        if num_heads not in self._indices:
            first = tf.expand_dims(self._row, 1) * num_heads + tf.range(num_heads)
            self._indices[num_heads] = first * self._width + tf.expand_dims(self._place, 1)
        return self._indices[num_heads]

    def _bias(self, attention_mask, positions, text, is_filled):
        """Float32 [R, 1, W, W]: 0 between real tokens of one text, `LOWEST` elsewhere."""
        is_real = attention_mask > 0
        is_seen = is_real | ~tf.reduce_any(is_real, axis=1, keepdims=True)  # a text without tokens sees its first place
        is_seen = tf.gather(tf.reshape(is_seen, [-1]), positions)  # [N]
        text_of_query = tf.where(is_filled, tf.gather(text, self._tokens), -1)  # [R, W]
        text_of_key = tf.where(tf.gather(is_seen, self._tokens), text_of_query, -2)
        same = tf.expand_dims(text_of_query, 2) == tf.expand_dims(text_of_key, 1)  # [R, W, W]
        # A reshape tells graph optimizers the rank: oneDNN adds a bias of this one in its product.
        same = tf.reshape(same, [tf.shape(same)[0], 1, self._width, self._width])
        return tf.where(same, 0.0, LOWEST)


def _begins_row(lengths: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Bool [B]: whether a text is the first of a row, where each row takes texts as long as they fit."""
    size = tf.size(lengths)
    ends = tf.cumsum(lengths)
    # For each text the one that a row begun with it has no room for; size where there is none.
    following = tf.concat([tf.searchsorted(ends, ends - lengths + width, side="right"), [size]], 0)  # [B + 1]
    begins = tf.range(size + 1) == 0

    # Doubling: after k rounds `following` leads 2^k rows on, and the first 2^k rows are known.
    def double(following, begins, rows):
        reached = tf.math.unsorted_segment_max(tf.cast(begins, tf.int32), following, size + 1) > 0
        return tf.gather(following, following), begins | reached, rows * 2

    _, begins, _ = tf.while_loop(lambda _, __, rows: rows < size, double, (following, begins, 1))
    return tf.reshape(begins[:size], [-1])  # a loop hides the rank from graph optimizers
