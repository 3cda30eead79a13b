"""The three fields that name a model's classes, made to agree."""

from __future__ import annotations

from collections.abc import Mapping

from tfbert.option_checks import check_count


def resolve_labels(
    num_labels: int | None, id2label: Mapping | None, label2id: Mapping | None
) -> tuple[int, dict[int, str], dict[str, int]]:
    """Complete `num_labels`, `id2label` and `label2id` from whichever of them are given.

    Args:
        num_labels: int or None. Number of classes; 2 where nothing says otherwise.
        id2label: dict of int (or its string) to str, or None.
        label2id: dict of str to int, or None.

    Returns:
        All three; classes that nobody named are LABEL_0, LABEL_1 and so on.

    Raises:
        ValueError: If they contradict each other.

    Example:
        >>> resolve_labels(None, None, {"yes": 1, "no": 0})
        (2, {0: 'no', 1: 'yes'}, {'no': 0, 'yes': 1})
    """
    names = _names(num_labels, id2label, label2id)
    if list(names) != list(range(len(names))):
        raise ValueError(f"`id2label` must number its labels 0, 1, 2, … without gaps. Received: {names!r}.")
    if num_labels is not None and num_labels != len(names):
        raise ValueError(
            f"`num_labels` must equal the number of labels in `id2label`, {len(names)}. "
            f"Received: num_labels={num_labels}, id2label={names!r}."
        )
    inverse = {label: index for index, label in names.items()}
    if len(inverse) != len(names):
        raise ValueError(f"`id2label` must not name two classes alike. Received: {names!r}.")
    if id2label is not None and label2id is not None:
        given = {str(label): int(index) for label, index in label2id.items()}
        if given != inverse:
            raise ValueError(
                "`label2id` must be the inverse of `id2label`. "
                f"Received: label2id={given!r}, id2label={names!r}. Give only one of them."
            )
    if not names:
        raise ValueError("`id2label` must name at least one class. Received: none.")
    return len(names), names, inverse


def _names(num_labels, id2label, label2id) -> dict[int, str]:
    """The label of each class, by rising number."""
    if id2label is None and label2id is not None:
        id2label = {index: label for label, index in label2id.items()}
    if id2label is not None:
        if not isinstance(id2label, Mapping) or not all(str(index).isdigit() for index in id2label):
            raise ValueError(f"`id2label` must be a dict from class numbers to names. Received: {id2label!r}.")
        return {int(index): str(id2label[index]) for index in sorted(id2label, key=int)}
    count = 2 if num_labels is None else num_labels
    check_count("num_labels", count)
    return {index: f"LABEL_{index}" for index in range(int(count))}
