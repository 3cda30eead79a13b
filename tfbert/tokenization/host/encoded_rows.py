"""All that is known of a tokenized batch; what is rarely asked for is worked out when it is."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from tfbert.tokenization.host.encoding import Encoding
from tfbert.tokenization.host.host_stage import HostStage
from tfbert.tokenization.host.row_layout import PAD, RowLayout
from tfbert.tokenization.host.texts import Texts
from tfbert.tokenization.packing.packing import SpecialIds


class EncodedRows:
    """The rows of a batch, column by column: matrices [R, S], cut to lists of rows by `rows`.

    Args:
        texts: `Texts`.
        stage: `HostStage` that tokenizes them.
        arrays: Its `pieces` of them.
        layout: `RowLayout`.
        special: `SpecialIds`.
        tokens: list of str. All tokens by id.
    """

    def __init__(
        self,
        texts: Texts,
        stage: HostStage,
        arrays: tuple[np.ndarray, np.ndarray, np.ndarray],
        layout: RowLayout,
        special: SpecialIds,
        tokens: list[str],
    ):
        self._texts, self._stage, self._arrays = texts, stage, arrays
        self._special = special
        self.layout = layout
        self.tokens = tokens
        self.segments = texts.segments

    @cached_property
    def ids(self) -> np.ndarray:
        """Token ids [R, S]."""
        special = self._special
        return self.layout.at(self._arrays[0], cls=special.cls, sep=special.sep, pad=special.pad)

    @property
    def type_ids(self) -> np.ndarray:
        """Token types [R, S]."""
        return self.layout.types

    @cached_property
    def attention_mask(self) -> np.ndarray:
        """1 at tokens [R, S]."""
        return (self.layout.source != PAD).astype(np.int64)

    @cached_property
    def special_tokens_mask(self) -> np.ndarray:
        """1 at special tokens and padding [R, S]."""
        return (self.layout.source < 0).astype(np.int64)

    @cached_property
    def offsets(self) -> tuple[np.ndarray, np.ndarray]:
        """Begin and end in characters, [R, S] each."""
        of_pieces = self._stage.offsets(self._texts.flat, self._texts.is_ascii())
        return self.layout.at(of_pieces[:, 0]), self.layout.at(of_pieces[:, 1])

    @cached_property
    def word_ids(self) -> np.ndarray:
        """Words [R, S], -1 where there is none."""
        _, row_splits, begins_word = self._arrays
        texts = self._texts
        if texts.words is not None:
            of_word = np.concatenate([np.arange(0), *map(np.arange, texts.words)])
            words = np.repeat(of_word, np.diff(row_splits))
        else:
            words = np.cumsum(begins_word) - 1
            counts = np.diff(row_splits)
            first = np.append(words, 0)[row_splits[:-1]]
            words = words - np.repeat(first, counts)
        return self.layout.at(words, cls=-1, sep=-1, pad=-1)

    @cached_property
    def sequence_ids(self) -> np.ndarray:
        """Texts of a pair [R, S], -1 where there is none."""
        splits = self._texts.row_splits(self._arrays[1])
        second = splits[(len(splits) - 1) // self.segments]
        source = self.layout.source
        return np.where(source < 0, -1, (source >= second).astype(np.int64) if self.segments == 2 else 0)

    def rows(self, name: str) -> list[list[Any]]:
        """Return a column as lists, one for each row."""
        return self.layout.rows(getattr(self, name))

    def row(self, name: str, index: int) -> list[Any]:
        """Return a column of one row as a list."""
        return self.layout.row(getattr(self, name), index).tolist()

    def offset_rows(self) -> list[list[tuple[int, int]]]:
        """Return begin and end of each token as lists, one for each row."""
        starts, ends = map(self.layout.rows, self.offsets)
        return [list(zip(*row)) for row in zip(starts, ends)]

    def offset_row(self, index: int) -> list[tuple[int, int]]:
        """Return begin and end of each token of one row."""
        starts, ends = (self.layout.row(matrix, index).tolist() for matrix in self.offsets)
        return list(zip(starts, ends))

    def encodings(self) -> list[Encoding]:
        """Return every row as an `Encoding`."""
        return [Encoding(self, index) for index in range(len(self.layout.text))]

    def __getstate__(self) -> dict[str, Any]:
        # A copy or a pickle takes what the stage would work out, not the stage with its graphs.
        columns = ("ids", "attention_mask", "special_tokens_mask", "offsets", "word_ids", "sequence_ids")
        worked_out = {name: getattr(self, name) for name in columns}
        return {"layout": self.layout, "tokens": self.tokens, "segments": self.segments, **worked_out}
