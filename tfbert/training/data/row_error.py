"""RowError: what is wrong with one row of a file."""

from __future__ import annotations

from os import PathLike


class RowError(ValueError):
    """One row cannot be used; who knows the file and the row adds them.

    Args:
        what: str. What the row holds or lacks, as the words between the file's name and the row's: "has nothing".
        more: str, default "". What comes behind the row's number.
    """

    def __init__(self, what: str, more: str = ""):
        super().__init__(what)
        self.what = what
        self.more = more

    def at(self, path: str | PathLike, place: str) -> str:
        """Return the whole message.

        Args:
            path: Path of the file.
            place: str. The row.

        Example:
            >>> RowError("has nothing under 'label'").at("reviews.csv", "row 3")
            "'reviews.csv' has nothing under 'label' in row 3."
        """
        return f"{str(path)!r} {self.what} in {place}{self.more}."
