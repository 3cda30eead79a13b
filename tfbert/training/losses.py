"""Losses as PyTorch's BERT defines them, made of Keras' own."""

from __future__ import annotations

import keras

from tfbert.config import BertConfig

IGNORED_LABEL = -100


def sequence_classification_loss(config: BertConfig, labels_are_float: bool = False) -> keras.losses.Loss:
    """Return the loss of a sequence classifier for its `problem_type`.

    Where the config names none, one label means regression; more than one means multi-label classification for
    floating-point labels and single-label classification for integers.

    Args:
        config: `BertConfig`.
        labels_are_float: bool, default False.

    Returns:
        A Keras loss of (labels, logits): mean squared error; sparse softmax cross-entropy without the labels -100;
        or sigmoid cross-entropy.

    Source: `BertForSequenceClassification` of Hugging Face transformers.
    """
    problem_type = config.problem_type
    if problem_type is None:
        if config.num_labels == 1:
            problem_type = "regression"
        else:
            problem_type = "multi_label_classification" if labels_are_float else "single_label_classification"
    if problem_type == "regression":
        return keras.losses.MeanSquaredError(name="loss")
    if problem_type == "multi_label_classification":
        return keras.losses.BinaryCrossentropy(from_logits=True, name="loss")
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED_LABEL, name="loss")
