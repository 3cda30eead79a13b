"""ZeroShotClassifier: text to labels that are named only when asking."""

from __future__ import annotations

import string
from typing import Any

import keras
import tensorflow as tf

from tfbert.option_checks import check_flag
from tfbert.tasks.base.columns import TEXT, Column, read_columns
from tfbert.tasks.base.sequence_classifier import SequenceClassifier
from tfbert.tasks.base.text_pairs import cut_to_pieces
from tfbert.tasks.base.text_slots import check_rows, slot_probes, tokenize_slots
from tfbert.tasks.decoding.text_bytes import valid_utf8

PREMISE_AND_HYPOTHESIS = (TEXT, Column("text_pair"))


@keras.saving.register_keras_serializable(package="tfbert")
class ZeroShotClassifier(SequenceClassifier):
    """Text and candidate labels in, the labels with their scores out, best first.

    The model tells whether a premise entails a hypothesis. The text is the premise; each label, set into a template,
    makes a hypothesis.

    Called on `text` [B] and `candidate_labels` [B, L], where "" is no label, it returns `labels` string and `scores`
    float32 [B, L], best first, and `length` int32 [B], how many they are. The scores of a row sum to 1, or, with
    `multi_label` and for a single label, each is the chance that its label holds.

    `fit` takes pairs, `text` the premise and `text_pair` the hypothesis, with labels as `TextClassifier` does, one of
    which begins with "entail".

    Args:
        model: `TFBertForSequenceClassification`, one of whose labels begins with "entail", in capitals or not.
        tokenizer: `FastBertTokenizer`.
        hypothesis_template: str, default "This example is {}.". {} is where the label goes.
        multi_label: bool, default False. Whether several labels may hold for a text.
        **kwargs: `learns_labels` and `num_labels`, see `SequenceClassifier`; `name` of the Keras model.

    Raises:
        ValueError: If no label begins with "entail", or the template has no place for a label.

    Example:
        >>> classifier = ZeroShotClassifier.from_pretrained("path/to/inference-model")  # doctest: +SKIP
        >>> rows = {"text": ["The match ended 3:1."], "candidate_labels": ["sport", "music"]}
        >>> classifier.predict(rows)["labels"][0]  # doctest: +SKIP
        array(['sport', 'music'], dtype=object)

    Source: the zero-shot-classification pipeline of Hugging Face transformers; Yin et al., "Benchmarking Zero-shot
        Text Classification" (2019).
    """

    task_name = "zero-shot-classification"
    columns = (TEXT, Column("candidate_labels", several=True))

    option_names = ("hypothesis_template", "multi_label")

    def __init__(self, model, tokenizer, hypothesis_template="This example is {}.", multi_label=False, **kwargs):
        super().__init__(model, tokenizer, **kwargs)
        check_flag("multi_label", multi_label)
        self.hypothesis_template = hypothesis_template
        self.multi_label = multi_label
        self._template = template_parts(hypothesis_template)
        if not (self.learns_labels or self.has_new_head):  # `fit` may still name the classes
            self.check_names(list(self.config.label2id))

    @property
    def entailment_id(self) -> int:
        """The number of the first label that begins with "entail"."""
        self.check_names(list(self.config.label2id))
        return next(index for label, index in self.config.label2id.items() if _entails(label))

    def check_names(self, names):
        if not any(map(_entails, names)):
            raise ValueError(
                f"ZeroShotClassifier needs a label that begins with 'entail'. Received: {names}. Take a model for "
                "natural language inference, or name its classes: from_pretrained(..., "
                "id2label={0: 'contradiction', 1: 'neutral', 2: 'entailment'})."
            )

    def read_inputs(self, inputs):
        columns = super().read_inputs(inputs)
        check_rows(columns, "candidate_labels")
        return columns

    def tokenize(self, columns):
        """Pair each text with the hypothesis of each label, [B·L, S]; the text is what is cut."""
        labels = columns["candidate_labels"]
        hypotheses = tf.strings.join([labels if part is None else part for part in self._template])
        cut = "only_first" if self.tokenizer.truncation is True else None  # another kind was asked for by name
        if cut:  # a hypothesis leaves room for one piece of the text
            most = self.tokenizer.max_length - self.tokenizer.packing_options().special_tokens(2) - 1
            flat = cut_to_pieces(self.tokenizer, tf.reshape(hypotheses, [-1]), most, most)
            hypotheses = tf.reshape(flat, tf.shape(labels))
        return tokenize_slots(self.tokenizer, columns["text"], tf.where(labels == "", "", hypotheses), truncation=cut)

    def ids_of(self, columns):
        rows, labels = tf.unstack(tf.shape(columns["candidate_labels"]))
        features = self.tokenize(columns)
        return {name: tf.reshape(ids, [rows, labels, tf.shape(ids)[1]]) for name, ids in features.items()}

    def ids_ranks(self):
        return {name: rank + 1 for name, rank in super().ids_ranks().items()}  # [B, L, S]

    def forward(self, features, training):
        if features["input_ids"].shape.rank == 2:
            return super().forward(features, training)  # [B·L, S]
        shape = tf.shape(features["input_ids"])
        flat = {name: tf.reshape(ids, [-1, shape[2]]) for name, ids in features.items()}
        logits = super().forward(flat, training)["logits"]
        return {"logits": tf.reshape(logits, [shape[0], shape[1], self.config.num_labels])}

    def decode(self, outputs, features, columns):
        candidates = columns["candidate_labels"]  # [B, L]
        is_label = candidates != ""
        count = tf.reduce_sum(tf.cast(is_label, tf.int32), axis=1)  # [B]
        classes = self.config.num_labels
        logits = tf.reshape(outputs["logits"], [*tf.unstack(tf.shape(candidates)), classes])  # [B, L, K]
        entailment = self.entailment_id
        contradiction = 0 if entailment else classes - 1
        alone = tf.nn.softmax(tf.gather(logits, [contradiction, entailment], axis=2))[:, :, 1]
        competing = tf.nn.softmax(tf.where(is_label, logits[:, :, entailment], logits.dtype.min))
        scores = alone if self.multi_label else tf.where(count[:, None] == 1, alone, competing)
        # Of equal ones the last comes first, as in transformers; what is no label comes last of all.
        order = tf.reverse(tf.argsort(tf.where(is_label, scores, -1.0), stable=True), axis=[1])
        return {
            "labels": tf.gather(valid_utf8(candidates), order, batch_dims=1),
            "scores": tf.gather(tf.where(is_label, scores, 0.0), order, batch_dims=1),
            "length": count,
        }

    # === Training on pairs ===

    def read_training_inputs(self, x):
        return read_columns(x, PREMISE_AND_HYPOTHESIS)

    def training_batch(self, columns, *targets):
        return (super().tokenize(columns), *targets)

    def probes(self, names):
        return slot_probes(super().probes(["text"]), "candidate_labels")


def template_parts(template: Any) -> tuple[str | None, ...]:
    """Return the texts of a template, None where the label goes.

    Args:
        template: str, with {} or {0} for the label, as `str.format` takes it.

    Returns:
        A tuple of str and None.

    Raises:
        ValueError: If there is no place for a label, or one for anything else.

    Example:
        >>> template_parts("This is {}.")
        ('This is ', None, '.')
    """
    entries = list(string.Formatter().parse(template)) if isinstance(template, str) else []
    fields = [entry[1:] for entry in entries if entry[1] is not None]
    if fields != [("", "", None)] and set(fields) != {("0", "", None)}:
        raise ValueError(
            "`hypothesis_template` must hold {} where the label goes, such as 'This example is {}.'. "
            f"Received: {template!r}."
        )
    parts: list[str | None] = []
    for literal, field, _, _ in entries:
        parts += [literal] if field is None else [literal, None]
    return tuple(part for part in parts if part != "")


def _entails(label: str) -> bool:
    return label.lower().startswith("entail")
