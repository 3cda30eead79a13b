"""A Darts double array over the UTF-8 bytes of single characters, as FastBertNormalize looks them up.

A unit is 32 bits: the byte that leads to it (0-7), "has a value" (8), the XOR distance from its position to the base of
its children (10-30), or, with bit 31 set, a value. A node's value lies at its base, its child for byte b at base XOR b.
Equal subtrees share their units, which keeps a table of a million changed characters at some ten thousands of units.

Source: Aoe, "An efficient digital search algorithm by using a double-array structure" (1989); layout of darts-clone.
"""

from __future__ import annotations

import numpy as np

HAS_VALUE = 1 << 8
IS_VALUE = 1 << 31
CHILDREN = 64  # continuation bytes 0x80 to 0xBF
ABSENT = -1
ROOT_BASE = 256


class DoubleArray:
    """Builds the array from a value for each code point.

    Args:
        values: int32 [0x110000]. The value of each code point, or `ABSENT`; U+0000 has no key and is passed over.
        ill_formed: int. The value of every lone byte and every truncated sequence.

    Example:
        >>> values = np.full(0x110000, ABSENT, np.int32)
        >>> values[ord("é")] = 7
        >>> DoubleArray(values, ill_formed=1).units.dtype
        dtype('uint32')
    """

    def __init__(self, values: np.ndarray, ill_formed: int):
        self._ill_formed = ill_formed
        self._words: dict[int, int] = {}
        self._value_positions: dict[int, int] = {}
        self._blocks: dict[tuple[bool, tuple[tuple[int, int], ...]], int] = {}
        self._free_bases: list[int] = []
        self._free_units: list[int] = []
        self._size = 2 * ROOT_BASE
        self._words[0] = ROOT_BASE << 10
        for byte, (value, base) in self._root_children(values).items():
            self._link(ROOT_BASE ^ byte, byte, value, base)
        units = np.zeros(self._size, np.uint32)
        units[list(self._words)] = np.array(list(self._words.values()), np.uint32)
        self.units = units

    def _root_children(self, values: np.ndarray) -> dict[int, tuple[int, int | None]]:
        """The value of each first byte, and the base of the block of its children."""
        leaves = self._leaf_blocks(values)  # a base for each 64 code points
        thirds = [self._inner_block(leaves[i : i + CHILDREN]) for i in range(0, len(leaves), CHILDREN)]
        children: dict[int, tuple[int, int | None]] = {}
        for byte in range(1, 0x100):
            value = int(values[byte]) if byte < 0x80 else self._ill_formed
            base: int | None = None
            if 0xC2 <= byte <= 0xDF:
                base = leaves[byte & 0x1F]
            elif 0xE0 <= byte <= 0xEF:
                base = thirds[byte & 0xF]
            elif 0xF0 <= byte <= 0xF4:
                first = (byte & 7) << 6
                base = self._inner_block(thirds[first : first + CHILDREN])
            if value != ABSENT or base is not None:
                children[byte] = (value, base)
        return children

    def _leaf_blocks(self, values: np.ndarray) -> list[int]:
        """The base of the block of each 64 code points; blocks of equal values are one."""
        bases: dict[bytes, int] = {}
        keys = [row.tobytes() for row in values.reshape(-1, CHILDREN)]
        for key in dict.fromkeys(keys):
            row = np.frombuffer(key, values.dtype)
            used = np.flatnonzero(row != ABSENT).tolist()
            entries = tuple((0x80 + index, self._value_position(int(row[index]))) for index in used)
            bases[key] = self._block(entries, leaves=True)
        return [bases[key] for key in keys]

    def _inner_block(self, bases: list[int]) -> int:
        """The base of a block whose 64 children are blocks."""
        entries = tuple((0x80 + index, base) for index, base in enumerate(bases))
        return self._block(entries)

    def _block(self, entries: tuple[tuple[int, int], ...], leaves: bool = False) -> int:
        """A block of children: (byte, base of that child's own block or position of its value)."""
        key = (leaves, entries)
        if key not in self._blocks:
            base = self._take_base()
            self._blocks[key] = base
            self._words[base] = IS_VALUE | self._ill_formed
            for byte, target in entries:
                if leaves:
                    self._words[base ^ byte] = self._offset(base ^ byte, target) | HAS_VALUE | byte
                else:
                    self._link(base ^ byte, byte, self._ill_formed, target)
        return self._blocks[key]

    def _link(self, position: int, byte: int, value: int, base: int | None) -> None:
        if base is None:
            base = self._value_position(value)
        flag = HAS_VALUE if value != ABSENT else 0
        self._words[position] = self._offset(position, base) | flag | byte

    @staticmethod
    def _offset(position: int, base: int) -> int:
        distance = position ^ base
        if distance >= 1 << 21:
            raise ValueError("The table of characters is too large for its format.")
        return distance << 10

    def _value_position(self, value: int) -> int:
        if value not in self._value_positions:
            if not self._free_units:
                self._grow()
            position = self._free_units.pop()
            self._words[position] = IS_VALUE | value
            self._value_positions[value] = position
        return self._value_positions[value]

    def _take_base(self) -> int:
        if not self._free_bases:
            self._grow()
        return self._free_bases.pop()

    def _grow(self) -> None:
        # 256 units hold two blocks of children, at base + 128 and base + 192; the rest is room for values.
        base = self._size
        self._size += 256
        self._free_bases += [base, base + CHILDREN]
        self._free_units += [*range(base + 1, base + CHILDREN), *range(base + CHILDREN + 1, base + 128)]
