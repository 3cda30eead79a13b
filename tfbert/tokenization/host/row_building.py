"""Rows built from ids that are there already, in the words of transformers 4."""

from __future__ import annotations

from tfbert.tokenization.host.special_tokens import SpecialTokens
from tfbert.tokenization.packing.packing import SpecialIds


class RowBuilding(SpecialTokens):
    """How `BertTokenizer` puts [CLS] and [SEP] around ids."""

    model_max_length: int

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """Return how many special tokens a row has: 2, or 3 for a pair."""
        return 3 if pair else 2

    @property
    def max_len_single_sentence(self) -> int:
        """How many tokens of a single text the model takes."""
        return self.model_max_length - self.num_special_tokens_to_add()

    @property
    def max_len_sentences_pair(self) -> int:
        """How many tokens of a pair the model takes."""
        return self.model_max_length - self.num_special_tokens_to_add(pair=True)

    def build_inputs_with_special_tokens(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None
    ) -> list[int]:
        """Return `[CLS] a [SEP]`, or `[CLS] a [SEP] b [SEP]`.

        Args:
            token_ids_0: list of int. a.
            token_ids_1: list of int or None. b.

        Returns:
            A list of int.
        """
        ids = self._row_ids()
        second = [] if token_ids_1 is None else [*token_ids_1, ids.sep]
        return [ids.cls, *token_ids_0, ids.sep, *second]

    def create_token_type_ids_from_sequences(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None
    ) -> list[int]:
        """Return the token types of such a row: 1 for b and its [SEP].

        Args:
            token_ids_0: list of int. a.
            token_ids_1: list of int or None. b.

        Returns:
            A list of int.
        """
        second = 0 if token_ids_1 is None else len(token_ids_1) + 1
        return [0] * (len(token_ids_0) + 2) + [1] * second

    def get_special_tokens_mask(
        self,
        token_ids_0: list[int],
        token_ids_1: list[int] | None = None,
        already_has_special_tokens: bool = False,
    ) -> list[int]:
        """Return 1 for every special token and 0 for every other.

        Args:
            token_ids_0: list of int. a, or a whole row.
            token_ids_1: list of int or None. b.
            already_has_special_tokens: bool, default False. Whether `token_ids_0` is a whole row; then all of
                `all_special_ids` count as special.

        Returns:
            A list of int.

        Raises:
            ValueError: If a whole row comes with a second one.
        """
        if not already_has_special_tokens:
            second = [] if token_ids_1 is None else [0] * len(token_ids_1) + [1]
            return [1] + [0] * len(token_ids_0) + [1, *second]
        if token_ids_1 is not None:
            raise ValueError(
                "With already_has_special_tokens=True `token_ids_0` is the whole row. Leave token_ids_1 out."
            )
        special = set(self.all_special_ids)
        return [int(int(index) in special) for index in token_ids_0]

    def _row_ids(self) -> SpecialIds:
        cls, sep, pad = (self._special_id(name) or 0 for name in ("cls_token", "sep_token", "pad_token"))
        return SpecialIds(cls=cls, sep=sep, pad=pad)
