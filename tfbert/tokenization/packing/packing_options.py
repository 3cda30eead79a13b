"""How rows of pieces are cut, padded and described."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfbert.option_checks import check_count, check_flag, is_integer
from tfbert.tokenization.packing.buckets import bucket_of

PADDINGS: dict[str | bool, str] = {name: name for name in ("longest", "max_length", "do_not_pad")}
PADDINGS |= {True: "longest", False: "do_not_pad"}
TRUNCATIONS: dict[str | bool, str] = {
    name: name for name in ("longest_first", "only_first", "only_second", "do_not_truncate")
}
TRUNCATIONS |= {True: "longest_first", False: "do_not_truncate"}
SIDES = ("left", "right")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PackingOptions:
    """How rows are cut and padded, and what is returned about them.

    Args:
        max_length: int, default 512. The longest row in tokens, special tokens included.
        padding: str or bool, default "longest". Pad to the "longest" row (also True), always to "max_length", or
            "do_not_pad" (also False), which takes rows of one length, such as a single text.
        truncation: str or bool, default "longest_first" (also True). What is cut where a row is too long: the longer
            segment first, by the Rust library's rule; "only_first" or "only_second" segment; "do_not_truncate" (also
            False) makes it an error.
        pad_to_multiple_of: int or None. Round the padded length up to a multiple of this; 1 or None does nothing.
        buckets: sequence of int or None. Pad to the first of these lengths that is long enough, else to `max_length`.
        stride: int, default 0. Pieces that neighbouring windows share, with `return_overflowing_tokens`.
        truncation_side: str, default "right". Where rows are cut.
        padding_side: str, default "right". Where rows are padded.
        add_special_tokens: bool, default True. [CLS] and [SEP].
        return_overflowing_tokens: bool, default False. Return what was cut as further rows.
        return_token_type_ids: bool, default True.
        return_attention_mask: bool, default True.
        return_special_tokens_mask: bool, default False.
        return_offsets: bool, default False.
        return_length: bool, default False.

    Raises:
        ValueError: If a value is none of these, or two contradict each other.
    """

    max_length: int = 512
    padding: str | bool = "longest"
    truncation: str | bool = True
    pad_to_multiple_of: int | None = None
    buckets: Sequence[int] | None = None
    stride: int = 0
    truncation_side: str = "right"
    padding_side: str = "right"
    add_special_tokens: bool = True
    return_overflowing_tokens: bool = False
    return_token_type_ids: bool = True
    return_attention_mask: bool = True
    return_special_tokens_mask: bool = False
    return_offsets: bool = False
    return_length: bool = False

    def __post_init__(self):
        for name, allowed in (("padding", PADDINGS), ("truncation", TRUNCATIONS)):
            value = getattr(self, name)
            if not isinstance(value, bool | str) or value not in allowed:
                raise ValueError(f"`{name}` must be one of {list(allowed)}. Received: {value!r}.")
        for name in ("truncation_side", "padding_side"):
            if getattr(self, name) not in SIDES:
                raise ValueError(f"`{name}` must be 'left' or 'right'. Received: {getattr(self, name)!r}.")
        for field in dataclasses.fields(self):
            if field.type == "bool":
                check_flag(field.name, getattr(self, field.name))
        check_count("pad_to_multiple_of", self.pad_to_multiple_of, least=1, optional=True)
        check_count("stride", self.stride, least=0)
        self._check_buckets()
        self.check_room(segments=1)

    def _check_buckets(self) -> None:
        if self.buckets is None:
            return
        object.__setattr__(self, "buckets", check_buckets(self.buckets))
        if not self.buckets:
            return
        if PADDINGS[self.padding] != "longest" or (self.pad_to_multiple_of or 1) != 1:
            raise ValueError(
                "`buckets` go with padding='longest' and without pad_to_multiple_of. Received: "
                f"padding={self.padding!r}, pad_to_multiple_of={self.pad_to_multiple_of!r}."
            )

    def special_tokens(self, segments: int) -> int:
        """Return how many special tokens a row of one or two segments has."""
        return segments + 1 if self.add_special_tokens else 0

    def check_room(self, segments: int) -> None:
        """Refuse a `max_length` that the special tokens of one or two segments alone exceed."""
        least = max(1, self.special_tokens(segments))
        if not is_integer(self.max_length) or self.max_length < least:
            raise ValueError(
                f"`max_length` must be an integer of at least {least}: the special tokens of "
                f"{'a pair' if segments == 2 else 'a text'} alone take that many. Received: {self.max_length!r}."
            )

    @property
    def strategy(self) -> str:
        """What is cut: "longest_first", "only_first", "only_second" or "do_not_truncate"."""
        return TRUNCATIONS[self.truncation]

    @property
    def truncates(self) -> bool:
        """Whether rows that are too long are cut."""
        return self.strategy != "do_not_truncate"

    @property
    def fixed_length(self) -> int | None:
        """The padded length where it is the same for every batch."""
        return self.longest_padded if PADDINGS[self.padding] == "max_length" else None

    @property
    def longest_padded(self) -> int:
        """The greatest padded length that there can be."""
        if self.buckets:
            return bucket_of(self.max_length, self.buckets)
        return self.padded(self.max_length)

    def padded(self, longest: Any) -> Any:
        """Return the length, an int or a tensor, that rows are padded to where the longest has this one."""
        if self.buckets:
            return bucket_of(longest, [*self.buckets, max(self.max_length, self.buckets[-1])])
        multiple = self.pad_to_multiple_of or 1
        return (longest + multiple - 1) // multiple * multiple

    def output_shapes(self) -> dict[str, tuple[int | None, ...]]:
        """Return the shape of every output without its first dimension, the rows."""
        length = None if self.return_overflowing_tokens else self.fixed_length
        outputs: dict[str, tuple[bool, tuple[int | None, ...]]] = {
            "input_ids": (True, (length,)),
            "attention_mask": (self.return_attention_mask, (length,)),
            "token_type_ids": (self.return_token_type_ids, (length,)),
            "special_tokens_mask": (self.return_special_tokens_mask, (length,)),
            "offset_mapping": (self.return_offsets, (length, 2)),
            "length": (self.return_length, ()),
            "overflow_to_sample_mapping": (self.return_overflowing_tokens, ()),
        }
        return {name: shape for name, (returned, shape) in outputs.items() if returned}

    @property
    def pads(self) -> bool:
        """Whether rows of different lengths are padded."""
        return PADDINGS[self.padding] != "do_not_pad"


def check_buckets(buckets: Any) -> list[int]:
    """Return the lengths of `buckets` as a list.

    Args:
        buckets: Iterable of int.

    Returns:
        A list of int.

    Raises:
        ValueError: If they are no lengths in ascending order.
    """
    lengths = list(buckets) if isinstance(buckets, Iterable) and not isinstance(buckets, str | bytes) else None
    whole = lengths is not None and all(is_integer(length) and 0 < length < 2**31 for length in lengths)
    if lengths is None or not whole or lengths != sorted(set(lengths)):
        raise ValueError(f"`buckets` must be lengths in ascending order, such as [32, 64]. Received: {buckets!r}.")
    return [int(length) for length in lengths]


def check_litert(options: PackingOptions) -> None:
    """Refuse options whose ops LiteRT lacks.

    Args:
        options: `PackingOptions`.

    Raises:
        ValueError: If there is one; the message names it.
    """
    refused = {
        "truncation": options.strategy != "longest_first",
        "padding": not options.pads,
        "buckets": bool(options.buckets),
        "return_offsets": options.return_offsets,
        "return_overflowing_tokens": options.return_overflowing_tokens,
    }
    refuse_options(
        options, refused, "LiteRT lacks an op that {} takes. Export as a SavedModel, or leave it at its default."
    )


def refuse_options(options: PackingOptions, refused: Mapping[str, bool], message: str) -> None:
    """Refuse the first of some options that is not to be.

    Args:
        options: `PackingOptions`.
        refused: Mapping from option to whether its value is refused.
        message: str, with {} where option and value go.

    Raises:
        ValueError: If there is one.
    """
    for name, is_refused in refused.items():
        if is_refused:
            raise ValueError(message.format(f"`{name}`={getattr(options, name)!r}"))
