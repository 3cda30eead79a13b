"""What each signature of an exported task takes for the same rows of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tfbert.export.serving.examples import to_examples

EXAMPLE_SIGNATURES = ("classify", "regress")  # they take serialized examples, as TF Serving's services of those names


def signature_inputs(signatures: Mapping[str, Any], columns: Mapping[str, Any]) -> dict[str, dict[str, tf.Tensor]]:
    """Return the inputs of every signature for rows of text.

    Args:
        signatures: dict from name to function. "ids" gets what "tokenize" returns, "classify" and "regress" examples.
        columns: dict of text columns, lists [B] or [B, C].

    Returns:
        A dict from the signature's name to a dict of tensors.
    """
    texts = {name: tf.constant(column, tf.string) for name, column in columns.items()}
    given: dict[str, dict[str, tf.Tensor]] = dict.fromkeys(signatures, texts)
    for name in signatures:
        if name == "ids":
            given[name] = signatures["tokenize"](**texts)
        elif name in EXAMPLE_SIGNATURES:
            given[name] = {"inputs": tf.constant(to_examples(columns), tf.string)}
    return given
