"""What the host tokenizer returns: a dict of model inputs that also knows words and characters."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Sequence
from typing import Any, NamedTuple

from tfbert.tokenization.host.encoding import Encoding
from tfbert.tokenization.host.tensors import as_tensors


class CharSpan(NamedTuple):
    """Characters of a text.

    Args:
        start: int. The first.
        end: int. The one after the last.
    """

    start: int
    end: int


class TokenSpan(NamedTuple):
    """Tokens of a row.

    Args:
        start: int. The first.
        end: int. The one after the last.
    """

    start: int
    end: int


class BatchEncoding(UserDict):
    """A dict of lists, arrays or tensors; its values are attributes, too.

    An int or slice as key gives the rows' `Encoding`s. Methods with two indices take the row first; with one index
    they mean the first row. What belongs to no token, word or text is None.

    Args:
        data: dict or None. The model inputs.
        encoding: `Encoding`, sequence of them or None. What is known of each row.
        tensor_type: str or None. "np" or "tf" turns the lists into arrays or tensors.
        prepend_batch_axis: bool, default False. Make each value a batch of one before that.
        n_sequences: int or None. Texts of a row; default: as the encodings say.

    Example:
        >>> batch = BatchEncoding({"input_ids": [[2, 7, 3]]}, tensor_type="np")
        >>> batch.input_ids.shape
        (1, 3)

    Source: `BatchEncoding` of Hugging Face transformers.
    """

    def __init__(
        self,
        data: dict[str, Any] | None = None,
        encoding: Encoding | Sequence[Encoding] | None = None,
        tensor_type: Any = None,
        prepend_batch_axis: bool = False,
        n_sequences: int | None = None,
    ):
        super().__init__(data)
        self._encodings = [encoding] if isinstance(encoding, Encoding) else encoding
        self._n_sequences = self._encodings[0].n_sequences if n_sequences is None and self._encodings else n_sequences
        self.convert_to_tensors(tensor_type, prepend_batch_axis)

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, str):
            return self.data[item]
        if self._encodings is not None:
            return self._encodings[item]
        if isinstance(item, slice):
            return {key: value[item] for key, value in self.data.items()}
        raise KeyError(
            f"A key must be a str, or a slice of rows. Received: {item!r}; no encodings are known of the rows."
        )

    def __getattr__(self, name: str) -> Any:
        data = self.__dict__.get("data", {})  # unpickling asks before there is any
        if name in data:
            return data[name]
        raise AttributeError(f"BatchEncoding has no attribute {name!r}. Its keys are: {', '.join(map(str, data))}.")

    @property
    def n_sequences(self) -> int | None:
        """How many texts a row has, 1 or 2; None where that is unknown."""
        return self._n_sequences

    @property
    def is_fast(self) -> bool:
        """Whether words and characters of the rows are known."""
        return self._encodings is not None

    @property
    def encodings(self) -> Sequence[Encoding] | None:
        """What is known of each row."""
        return self._encodings

    def tokens(self, batch_index: int = 0) -> list[str]:
        """Return the tokens of a row."""
        return self._row(batch_index).tokens

    def word_ids(self, batch_index: int = 0) -> list[int | None]:
        """Return the word of each token of a row."""
        return self._row(batch_index).word_ids

    def sequence_ids(self, batch_index: int = 0) -> list[int | None]:
        """Return the text of each token of a row: 0, or 1 for the second of a pair."""
        return self._row(batch_index).sequence_ids

    def token_to_sequence(self, batch_or_token_index: int, token_index: int | None = None) -> int | None:
        """Return the text that a token belongs to."""
        row, token = self._row_and_token(batch_or_token_index, token_index)
        return row.token_to_sequence(token)

    def token_to_word(self, batch_or_token_index: int, token_index: int | None = None) -> int | None:
        """Return the word that a token belongs to."""
        row, token = self._row_and_token(batch_or_token_index, token_index)
        return row.token_to_word(token)

    def token_to_chars(self, batch_or_token_index: int, token_index: int | None = None) -> CharSpan | None:
        """Return begin and end of a token in characters of its text."""
        row, token = self._row_and_token(batch_or_token_index, token_index)
        span = row.token_to_chars(token)
        return None if span is None else CharSpan(*span)

    def word_to_tokens(
        self, batch_or_word_index: int, word_index: int | None = None, sequence_index: int = 0
    ) -> TokenSpan | None:
        """Return the tokens of a word."""
        row, word = self._row_and_index(batch_or_word_index, word_index)
        span = row.word_to_tokens(word, sequence_index)
        return None if span is None else TokenSpan(*span)

    def word_to_chars(
        self, batch_or_word_index: int, word_index: int | None = None, sequence_index: int = 0
    ) -> CharSpan | None:
        """Return begin and end of a word in characters of its text."""
        row, word = self._row_and_index(batch_or_word_index, word_index)
        span = row.word_to_chars(word, sequence_index)
        return None if span is None else CharSpan(*span)

    def char_to_token(
        self, batch_or_char_index: int, char_index: int | None = None, sequence_index: int = 0
    ) -> int | None:
        """Return the first token that covers a character of a text."""
        row, character = self._row_and_index(batch_or_char_index, char_index)
        return row.char_to_token(character, sequence_index)

    def char_to_word(
        self, batch_or_char_index: int, char_index: int | None = None, sequence_index: int = 0
    ) -> int | None:
        """Return the word that covers a character of a text."""
        row, character = self._row_and_index(batch_or_char_index, char_index)
        return row.char_to_word(character, sequence_index)

    def convert_to_tensors(self, tensor_type: Any = None, prepend_batch_axis: bool = False) -> BatchEncoding:
        """Turn the lists into arrays or tensors, in place.

        Args:
            tensor_type: str or None. "np": NumPy, int64; "tf": TensorFlow, int32. None changes nothing.
            prepend_batch_axis: bool, default False. Make each value a batch of one first.

        Returns:
            Itself.

        Raises:
            ValueError: If the type is none of these, or rows differ in length.
        """
        self.data.update(as_tensors(self.data, tensor_type, prepend_batch_axis))
        return self

    def _row(self, index: int) -> Encoding:
        if not self._encodings:
            raise ValueError("Words and characters are known only of what a call of the tokenizer returned.")
        return self._encodings[index]

    def _row_and_index(self, first: int, second: int | None) -> tuple[Encoding, int]:
        return (self._row(0), first) if second is None else (self._row(first), second)

    def _row_and_token(self, first: int, second: int | None) -> tuple[Encoding, int]:
        row, token = self._row_and_index(first, second)
        return row, token + len(row) if token < 0 else token
