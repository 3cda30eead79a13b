"""How long rows may be, and how long they become: Hugging Face's `padding`, `truncation` and `max_length`."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

from tfbert.option_checks import check_count
from tfbert.tokenization.packing.packing_options import PADDINGS, SIDES, TRUNCATIONS

NO_LIMIT = 10**20  # a `model_max_length` above this means that the model sets none


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lengths:
    """Padding and truncation of a call, without defaults left open.

    Args:
        padding: str. "longest", "max_length" or "do_not_pad".
        truncation: str. "longest_first", "only_first", "only_second" or "do_not_truncate".
        max_length: int or None. None where nothing asks for one.
        pad_to_multiple_of: int or None.
        stride: int.
        padding_side, truncation_side: str.
    """

    padding: str
    truncation: str
    max_length: int | None
    pad_to_multiple_of: int | None = None
    stride: int = 0
    padding_side: str = "right"
    truncation_side: str = "right"

    def __post_init__(self):
        for name, least in (("max_length", 0), ("stride", 0), ("pad_to_multiple_of", 1)):
            value = getattr(self, name)
            check_count(name, value, least, optional=name != "stride")
        check_sides(self.padding_side, self.truncation_side)

    @property
    def truncates(self) -> bool:
        """Whether rows that are too long are cut."""
        return self.truncation != "do_not_truncate"

    @classmethod
    def of(
        cls,
        padding: Any,
        truncation: Any,
        max_length: int | None,
        *,
        model_max_length: int,
        has_pad_token: bool,
        verbose: bool = True,
        pad_to_multiple_of: int | None = None,
        **others: Any,
    ) -> Lengths:
        """Resolve what a call was given.

        Args:
            padding: bool or str. True is "longest", False "do_not_pad".
            truncation: bool, str or None. True is "longest_first", False "do_not_truncate"; None is False, or True
                where `max_length` is given and `padding` is not.
            max_length: int or None. Default: `model_max_length`, where there is one and something needs it.
            model_max_length: int.
            has_pad_token: bool.
            verbose: bool. Whether to warn of a `max_length` without effect.
            pad_to_multiple_of, others: As in the class.

        Returns:
            `Lengths`.

        Raises:
            ValueError: If a value is wrong, or two contradict each other.

        Example:
            >>> Lengths.of(True, None, None, model_max_length=512, has_pad_token=True).padding
            'longest'

        Source: `_get_padding_truncation_strategies` of Hugging Face transformers, by experiment.
        """
        if max_length is not None and padding is False and truncation is None:
            truncation = True
        padding = _chosen("padding", padding, PADDINGS)
        truncation = _chosen("truncation", False if truncation is None else truncation, TRUNCATIONS)
        if padding == "longest" and truncation == "do_not_truncate" and max_length is not None and verbose:
            warnings.warn(
                "`max_length` does nothing with padding=True and without truncation. To pad to that length write "
                "padding='max_length'; to cut to it, truncation=True.",
                stacklevel=4,
            )
        if max_length is None and model_max_length > NO_LIMIT:
            padding = "do_not_pad" if padding == "max_length" else padding
            truncation = "do_not_truncate"
        elif max_length is None and (padding == "max_length" or truncation != "do_not_truncate"):
            max_length = model_max_length
        if padding != "do_not_pad" and not has_pad_token:
            raise ValueError(
                "Padding needs a `pad_token`, and this tokenizer has none. "
                "Write tokenizer.add_special_tokens({'pad_token': '[PAD]'}), or padding=False."
            )
        lengths = cls(
            padding=padding,
            truncation=truncation,
            max_length=max_length,
            pad_to_multiple_of=pad_to_multiple_of,
            **others,
        )
        if lengths.truncates and padding != "do_not_pad" and (max_length or 0) % (pad_to_multiple_of or 1):
            raise ValueError(
                "With padding and truncation `max_length` must be a multiple of `pad_to_multiple_of`. "
                f"Received: max_length={max_length}, pad_to_multiple_of={pad_to_multiple_of}."
            )
        return lengths

    def padded(self, longest: int) -> int:
        """Return the length that rows are padded to, those that are longer apart.

        Args:
            longest: int. The longest row.
        """
        if self.padding == "do_not_pad":
            return 0
        length = self.max_length if self.padding == "max_length" and self.max_length is not None else longest
        multiple = self.pad_to_multiple_of or 1
        return -(-length // multiple) * multiple


def _chosen(name: str, value: Any, allowed: dict[str | bool, str]) -> str:
    value = getattr(value, "value", value)  # Hugging Face's enums
    if not isinstance(value, bool | str) or value not in allowed:
        raise ValueError(f"`{name}` must be one of {list(allowed)}. Received: {value!r}.")
    return allowed[value]


def check_sides(padding_side: str, truncation_side: str) -> None:
    """Refuse what is neither "left" nor "right"."""
    for name, side in (("padding_side", padding_side), ("truncation_side", truncation_side)):
        if side not in SIDES:
            raise ValueError(f"`{name}` must be 'left' or 'right'. Received: {side!r}.")
