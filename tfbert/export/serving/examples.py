"""Rows of texts as `tf.Example`, which TF Serving's classify and regress take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfbert.wire.messages import message


def to_examples(columns: Mapping[str, Sequence[str | bytes]]) -> list[bytes]:
    r"""Return a serialized `tf.Example` for each row, whose features are its texts.

    Args:
        columns: dict of columns of one text a row.

    Returns:
        A list of bytes.

    Example:
        >>> to_examples({"text": ["a"]})
        [b'\n\x0f\n\r\n\x04text\x12\x05\n\x03\n\x01a']
    """
    made = []
    for row in zip(*columns.values()):
        example = message("tensorflow.Example")()
        for name, text in zip(columns, row):
            value = text.encode("utf-8") if isinstance(text, str) else text
            example.features.feature[name].bytes_list.value.append(value)
        made.append(example.SerializeToString(deterministic=True))
    return made
