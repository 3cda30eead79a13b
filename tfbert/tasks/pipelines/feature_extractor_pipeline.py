"""The feature-extraction pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfbert.tasks.pipelines.pipeline import Pipeline


class FeatureExtractorPipeline(Pipeline):
    """Texts in, the hidden states of their tokens out: [1, T, D] for each, without padding, as nested lists.

    Args:
        task: `FeatureExtractor`, or a `ServedTask` of one.
        batch_size: int, default 32.
        **options: `return_tensors`, bool, default False, for tensors instead of lists; `tokenize_kwargs`, a dict of
            options of the tokenizer; or such options themselves, as `truncation`.

    Example:
        >>> extract = pipeline("feature-extraction", model="path/to/checkpoint")  # doctest: +SKIP
        >>> np.shape(extract("hello world"))  # doctest: +SKIP
        (1, 4, 768)

    Source: `FeatureExtractionPipeline` of Hugging Face transformers.
    """

    def __call__(self, inputs, *, batch_size=None, **options):
        outputs = super().__call__(inputs, batch_size=batch_size, **options)
        convert: Callable[[Any], Any] = np.ndarray.tolist
        if {**self._options, **options}.get("return_tensors"):
            convert = _as_tensor
        if isinstance(outputs, np.ndarray):
            return convert(outputs)
        return list(map(convert, outputs)) if isinstance(outputs, list) else map(convert, outputs)

    def task_options(self, options):
        options.pop("return_tensors", None)
        inner = options.pop("tokenize_kwargs", None) or {}
        twice = sorted(set(inner) & set(options))
        if twice:
            raise ValueError(f"`{twice[0]}` is given twice: by itself and in `tokenize_kwargs`. Leave one out.")
        return {**options, **inner}

    def write(self, row, answer, task):
        is_token = answer["attention_mask"] > 0
        return answer["last_hidden_state"][is_token][np.newaxis]  # [1, T, D]


def _as_tensor(values: np.ndarray) -> Any:
    import tensorflow as tf  # what lies on a server is asked without it

    return tf.constant(values)
