"""All that is known of one tokenized row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfbert.tokenization.host.encoded_rows import EncodedRows


class Encoding:
    """One row: its tokens, and how they, words and characters belong together.

    Positions beyond the row, special tokens and padding belong to no word, no text and no characters: None.

    Args:
        rows: `EncodedRows`. The batch.
        index: int. The row.

    Source: `Encoding` of Hugging Face tokenizers, whose names it keeps.
    """

    def __init__(self, rows: EncodedRows, index: int):
        self._rows = rows
        self._index = index

    @property
    def ids(self) -> list[int]:
        """Token ids."""
        return self._rows.row("ids", self._index)

    @property
    def type_ids(self) -> list[int]:
        """Token types: 1 in the second text and its [SEP]."""
        return self._rows.row("type_ids", self._index)

    @property
    def attention_mask(self) -> list[int]:
        """1 at tokens, 0 at padding."""
        return self._rows.row("attention_mask", self._index)

    @property
    def special_tokens_mask(self) -> list[int]:
        """1 at what was put around the texts: [CLS], [SEP] and padding."""
        return self._rows.row("special_tokens_mask", self._index)

    @property
    def tokens(self) -> list[str]:
        """The tokens."""
        return [self._rows.tokens[index] for index in self.ids]

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """Begin and end of each token in characters of its text, or of its word where words were given."""
        return self._rows.offset_row(self._index)

    @property
    def word_ids(self) -> list[int | None]:
        """The word of each token; texts are cut into words at white space, punctuation and added tokens."""
        return [None if word < 0 else word for word in self._rows.row("word_ids", self._index)]

    @property
    def sequence_ids(self) -> list[int | None]:
        """The text of each token: 0, or 1 for the second of a pair."""
        return [None if text < 0 else text for text in self._rows.row("sequence_ids", self._index)]

    @property
    def n_sequences(self) -> int:
        """How many texts the row has."""
        return self._rows.segments

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"Encoding(tokens={self.tokens})"

    def token_to_sequence(self, token_index: int) -> int | None:
        """Return the text that a token belongs to."""
        return _at(self.sequence_ids, token_index)

    def token_to_word(self, token_index: int) -> int | None:
        """Return the word that a token belongs to."""
        return _at(self.word_ids, token_index)

    def token_to_chars(self, token_index: int) -> tuple[int, int] | None:
        """Return begin and end of a token in characters."""
        return None if self.token_to_sequence(token_index) is None else self.offsets[token_index]

    def word_to_tokens(self, word_index: int, sequence_index: int = 0) -> tuple[int, int] | None:
        """Return the first token of a word, and the one after its last."""
        places = zip(self.word_ids, self.sequence_ids)
        tokens = [token for token, place in enumerate(places) if place == (word_index, sequence_index)]
        return (tokens[0], tokens[-1] + 1) if tokens else None

    def word_to_chars(self, word_index: int, sequence_index: int = 0) -> tuple[int, int] | None:
        """Return begin and end of a word in characters."""
        span = self.word_to_tokens(word_index, sequence_index)
        return None if span is None else (self.offsets[span[0]][0], self.offsets[span[1] - 1][1])

    def char_to_token(self, char_pos: int, sequence_index: int = 0) -> int | None:
        """Return the first token that covers a character."""
        for token, ((start, end), text) in enumerate(zip(self.offsets, self.sequence_ids)):
            if text == sequence_index and start <= char_pos < end:
                return token
        return None

    def char_to_word(self, char_pos: int, sequence_index: int = 0) -> int | None:
        """Return the word that covers a character."""
        token = self.char_to_token(char_pos, sequence_index)
        return None if token is None else self.token_to_word(token)


def _at(values: list[int | None], index: int) -> int | None:
    return values[index] if 0 <= index < len(values) else None
