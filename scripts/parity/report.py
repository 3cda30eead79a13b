"""The table of a run, and the first few texts that went wrong, cut down to what matters."""

from __future__ import annotations

from collections.abc import Callable

from scripts.parity.compare import Options, Ours, Reference, Result, compare, is_reordered

COLUMNS = {"category": 26, "vocabulary": 24, "strings": 10, "ids": 8, "offsets": 8, "reordered": 10, "s": 7}
SHOWN_AT_ONCE, SHOWN_IN_ALL = 3, 40


class Report:
    """Prints each result as it comes and keeps the sums."""

    def __init__(self):
        self.total = Result()
        self._shown = 0
        self._line([*COLUMNS])

    def show(self, result: Result, ours: Ours, reference: Reference, options: Options) -> None:
        """Print the first texts that went wrong and what either side makes of them."""
        for kind in ("wrong_ids", "wrong_offsets"):
            for text in getattr(result, kind)[: min(SHOWN_AT_ONCE, SHOWN_IN_ALL - self._shown)]:
                self._shown += 1

                well_formed = is_utf8(text)

                def fails(candidate: bytes, kind: str = kind, well_formed: bool = well_formed) -> bool:
                    if well_formed and not is_utf8(candidate):
                        return False
                    return bool(getattr(compare(ours, reference, [candidate], options), kind))

                print(f"  {kind.replace('_', ' ')}: {readable(text)}\n    with {options}")
                if not fails(text):
                    print("    only in a batch with other texts")
                    continue
                least = shrunk(text, fails)
                why = (
                    ", whose marks decomposing reorders"
                    if is_reordered(least.decode("utf-8", "replace"), options)
                    else ""
                )
                print(f"    at least {readable(least)}{why}")
                for name, side in (("ours", ours), ("library", reference)):
                    tokens = side.offsets([least])
                    spans = list(zip(tokens.starts.tolist(), tokens.ends.tolist()))
                    print(f"    {name + ':':<8} {tokens.ids.tolist()[:20]} {spans[:20]}")

    def add(self, category: str, vocabulary: str, result: Result, seconds: float) -> None:
        """Print one row."""
        self._row(category, vocabulary, result, seconds)
        self.total += result

    def close(self, seconds: float) -> int:
        """Print the sums and the reordered texts; return the exit status."""
        self.total.with_offsets = True
        self._row("total", "", self.total, seconds)
        if self.total.reordered:
            print("\nReordered: only offsets differ, and decomposing changed the order of marks. The shortest:")
            for text in sorted(set(self.total.reordered), key=len)[:20]:
                print(f"  {readable(text)}")
        return 1 if self.total.wrong_ids or self.total.wrong_offsets else 0

    def _row(self, category: str, vocabulary: str, result: Result, seconds: float) -> None:
        found = [len(result.wrong_ids), len(result.wrong_offsets), len(result.reordered)]
        cells = [f"{found[0]:,}", *(f"{count:,}" if result.with_offsets else "-" for count in found[1:])]
        self._line([category, vocabulary, f"{result.texts:,}", *cells, f"{seconds:.1f}"])

    def _line(self, cells: list[str]) -> None:
        widths = COLUMNS.values()
        padded = [
            cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(zip(cells, widths))
        ]
        print(" ".join(padded), flush=True)


def shrunk(text: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Return a text as short as leaving out parts makes it, that still fails."""
    size = len(text) // 2
    while size:
        position = 0
        while position < len(text):
            shorter = text[:position] + text[position + size :]
            if fails(shorter):
                text = shorter
            else:
                position += size
        size //= 2
    return text


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are well-formed."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def readable(text: bytes) -> str:
    """Return the text in ASCII: as str if it is UTF-8, else as bytes."""
    shown = ascii(text.decode() if is_utf8(text) else text)
    return shown if len(shown) <= 200 else f"{shown[:200]}… ({len(text)} bytes)"
