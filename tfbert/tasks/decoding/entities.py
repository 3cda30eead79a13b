"""Entities of tokens: tokens agree on words, words of one kind form an entity, some kinds are left out.

Letters: T tokens of the batch, W words, G groups of words, E entities (groups that are not left out), K labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tfbert.tasks.decoding.runs import Runs
from tfbert.tasks.decoding.text_bytes import TextBytes
from tfbert.tasks.decoding.token_texts import TokenTexts

STRATEGIES = ("none", "simple", "first", "average", "max")
OF_WORDS = ("first", "average", "max")


class Tokens(NamedTuple):
    """The tokens of a batch without special ones, one window after the other.

    Args:
        text: int32 [T]. The text that each is of.
        begins_window: bool [T].
        index: int32 [T]. Its place in its window, special tokens counted.
        ids: int32 [T].
        start: int32 [T]. Where it begins in its text, in bytes.
        end: int32 [T]. The byte after its last.
        scores: float32 [T, K]. Probabilities of the labels.
    """

    text: tf.Tensor
    begins_window: tf.Tensor
    index: tf.Tensor
    ids: tf.Tensor
    start: tf.Tensor
    end: tf.Tensor
    scores: tf.Tensor

    @classmethod
    def of(cls, features: dict[str, tf.Tensor], logits: tf.Tensor) -> Tokens:
        """Return the tokens of windows.

        Args:
            features: dict of int32 [R, S], as `FastBertTokenizer` returns them with `return_offsets` and
                `return_special_tokens_mask`.
            logits: float [R, S, K].
        """
        places = tf.where(features["special_tokens_mask"] == 0)  # [T, 2]
        window = places[:, 0]
        text = features.get("overflow_to_sample_mapping", tf.range(tf.shape(logits)[0]))
        padding_before = tf.cumsum(1 - features["attention_mask"], axis=1)
        offsets = tf.gather_nd(features["offset_mapping"], places)
        return cls(
            text=tf.gather(text, window),
            begins_window=window != tf.concat([window[:1] - 1, window[:-1]], axis=0),
            index=tf.cast(places[:, 1], tf.int32) - tf.gather_nd(padding_before, places),
            ids=tf.gather_nd(features["input_ids"], places),
            start=offsets[:, 0],
            end=offsets[:, 1],
            scores=tf.nn.softmax(tf.cast(tf.gather_nd(logits, places), tf.float32)),
        )


class Entities(NamedTuple):
    """The entities of a batch.

    Args:
        text: int32 [E]. The text that each is of.
        entity: string [E]. Its label; without "B-" and "I-" where tokens were grouped.
        score: float32 [E].
        index: int32 [E]. The place of its token in the window; 0 where tokens were grouped.
        token_str: string [E]. Its tokens, joined.
        start: int32 [E]. Where it begins in its text, in bytes.
        end: int32 [E]. The byte after its last.
    """

    text: tf.Tensor
    entity: tf.Tensor
    score: tf.Tensor
    index: tf.Tensor
    token_str: tf.Tensor
    start: tf.Tensor
    end: tf.Tensor

    def at(self, places: tf.Tensor) -> Entities:
        """Return the entities at these places, int [M], in their order."""
        return Entities(*(tf.gather(values, places) for values in self))

    def rows(self, word: tf.Tensor, count: Any) -> dict[str, tf.Tensor]:
        """Return the entities of each text as dense rows.

        They have to stand in the order of the texts.

        Args:
            word: string [E]. What stands in the text.
            count: int scalar B, the number of texts.

        Returns:
            A dict of `word` and all fields but `text`, [B, most entities of a text], 0 or "" where a text has fewer,
            and of `length`, int32 [B], how many it has.
        """
        length = tf.math.unsorted_segment_sum(tf.ones_like(self.text), self.text, count)
        fields = {**self._asdict(), "word": word}
        del fields["text"]
        rows = {
            name: tf.RaggedTensor.from_row_lengths(values, length, validate=False).to_tensor()
            for name, values in fields.items()
        }
        return {**rows, "length": length}


class EntityFinder:
    """Finds the entities of tokens.

    Args:
        labels: Sequence of str. Names of the K labels.
        strategy: str. "none" takes each token for itself; "simple" groups neighbours of one kind; "first", "average"
            and "max" first give the tokens of a word one label: that of its first token, of its mean scores, or of its
            surest token.
        ignored: Sequence of str. Entities of these names are left out.
        token_texts: `TokenTexts`.

    Source: the token-classification pipeline of Hugging Face transformers.
    """

    def __init__(self, labels: Sequence[str], strategy: str, ignored: Sequence[str], token_texts: TokenTexts):
        self._strategy = strategy
        self._token_texts = token_texts
        kinds = [label[2:] if label.startswith(("B-", "I-")) else label for label in labels]
        self._kinds = [kinds.index(kind) for kind in kinds]
        self._begins = [label.startswith("B-") for label in labels]
        # A label such as "X-Y" is a kind of its own, but is shown without what stands before its first hyphen.
        self._names = list(labels) if strategy == "none" else [label.split("-", 1)[-1] for label in labels]
        self._is_kept = [name not in ignored for name in self._names]

    def __call__(self, tokens: Tokens, texts: TextBytes) -> Entities:
        """Return the `Entities` of `Tokens`, in their order; those of windows that overlap may overlap, too."""
        words = self._words(tokens, texts)
        scores = self._word_scores(tokens.scores, words)
        label = tf.argmax(scores, axis=1, output_type=tf.int32)  # [W]
        groups = self._groups(label, tf.gather(tokens.begins_window, words.first))
        name = tf.gather(label, groups.first)  # [G]
        is_kept = tf.gather(tf.constant(self._is_kept), name)
        kept = tf.where(is_kept)[:, 0]  # [E]
        first = tf.gather(tf.gather(words.first, groups.first), kept)
        last = tf.gather(tf.gather(words.last, groups.last), kept)
        index = tf.gather(tokens.index, first)
        return Entities(
            text=tf.gather(tokens.text, first),
            entity=tf.gather(tf.constant(self._names), tf.gather(name, kept)),
            score=tf.gather(groups.mean(tf.reduce_max(scores, axis=1)), kept),
            index=index if self._strategy == "none" else tf.zeros_like(index),
            token_str=self._token_str(tokens, texts, words, groups, is_kept),
            start=tf.gather(tokens.start, first),
            end=tf.gather(tokens.end, last),
        )

    def _words(self, tokens: Tokens, texts: TextBytes) -> Runs:
        if self._strategy not in OF_WORDS:
            return Runs.beginning_at(tf.ones_like(tokens.begins_window))
        characters = texts.characters(tokens.text, tokens.start, tokens.end)
        return Runs.beginning_at(tokens.begins_window | ~self._token_texts.is_subword(tokens.ids, characters))

    def _word_scores(self, scores: tf.Tensor, words: Runs) -> tf.Tensor:
        """Scores of tokens [T, K] as those of words, [W, K]."""
        if self._strategy == "average":
            return words.mean(scores)
        if self._strategy == "max":
            return tf.gather(scores, words.place_of_max(tf.reduce_max(scores, axis=1)))
        return tf.gather(scores, words.first)

    def _groups(self, label: tf.Tensor, begins_window: tf.Tensor) -> Runs:
        if self._strategy == "none":
            return Runs.beginning_at(tf.ones_like(begins_window))
        kind = tf.gather(tf.constant(self._kinds), label)
        differs = kind != tf.concat([kind[:1], kind[:-1]], axis=0)
        return Runs.beginning_at(begins_window | differs | tf.gather(tf.constant(self._begins), label))

    def _token_str(self, tokens: Tokens, texts: TextBytes, words: Runs, groups: Runs, is_kept: tf.Tensor) -> tf.Tensor:
        """The tokens of the groups that are kept, joined, [E]."""
        places = tf.where(tf.gather(is_kept, tf.gather(groups.of, words.of)))[:, 0]
        ids, text, start, end, word = (
            tf.gather(values, places) for values in (tokens.ids, tokens.text, tokens.start, tokens.end, words.of)
        )
        # Nothing is cut where the source is not shown.
        end = tf.where(self._token_texts.is_unknown(ids), end, start)
        parts = self._token_texts.of(ids, texts.cut(text, start, end))
        if self._strategy == "none":
            return parts
        if self._strategy in OF_WORDS:
            kept_words = Runs.beginning_at(tf.gather(words.begins, places))
            parts, word = self._token_texts.joined(parts, kept_words), tf.gather(word, kept_words.first)
        return self._token_texts.joined(parts, Runs.beginning_at(tf.gather(groups.begins, word)))
