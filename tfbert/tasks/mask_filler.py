"""MaskFiller: the words that stand behind [MASK]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.export.verify import text_probes
from tfbert.json_file import read_json, write_json
from tfbert.models.bert_for_masked_lm import TFBertForMaskedLM
from tfbert.option_checks import check_count, check_flag
from tfbert.tasks.base.columns import TEXT
from tfbert.tasks.base.task import Task
from tfbert.tasks.base.text_dataset import inputs_of, is_tokenized
from tfbert.tasks.labels.masking import labels_at, positions_of, target_ids
from tfbert.tasks.labels.token_hider import TokenHider
from tfbert.tokenization.text_input import as_text
from tfbert.training.metrics import Accuracy, Perplexity

NO_TOKEN = -1  # the detokenizer passes over it
TOKENIZER_CONFIG = "tokenizer_config.json"


@keras.saving.register_keras_serializable(package="tfbert")
class MaskFiller(Task):
    """Text with one or more [MASK] in, the likeliest pieces for each out.

    Called on text [B] it returns, for M masks, the most in a text of the batch, and k answers, best first: `token_str`
    string, `token` int32, `score` float32 and `sequence` string [B, M, k], the text with that piece in that mask's
    place; and `length` int32 [B], how many masks each text has. Behind a text's last mask stand "" and 0. A text
    without a mask is refused; a served model answers it with a length of 0.

    `fit(texts)` hides pieces at random, others in each epoch, and learns to tell them; `fit(texts with masks, full
    texts)` learns what stood behind these masks, one piece each.

    Args:
        model: `TFBertForMaskedLM`.
        tokenizer: `FastBertTokenizer`.
        top_k: int, default 5. How many pieces are returned for each mask.
        targets: list of str, str or None. Choose among these pieces only; a word that is none counts as its first
            piece. Scores stay those among all pieces.
        clean_up_tokenization_spaces: bool, default False. Take the blanks before punctuation and contractions out of
            `token_str` and `sequence`. `from_pretrained` takes what the folder's tokenizer says.
        whole_word_masking: bool, default False. `fit(texts)` hides words as wholes, a piece with the `##` pieces that
            go on with it.
        **kwargs: `name` of the Keras model.

    Raises:
        ValueError: If no target has a piece, or the vocabulary has no mask token.

    Example:
        >>> filler = MaskFiller.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        >>> filler.predict(["Paris is the [MASK] of France."])["token_str"][0, 0]  # doctest: +SKIP
        array(['capital', 'heart', 'center', 'centre', 'city'], dtype=object)

    Source: the fill-mask pipeline of Hugging Face transformers; Devlin et al., "BERT" (2018), section 3.1.
    """

    model_class = TFBertForMaskedLM
    task_name = "fill-mask"
    columns = (TEXT,)
    needs_labels = False
    option_names = ("top_k", "targets", "clean_up_tokenization_spaces", "whole_word_masking")

    def __init__(
        self,
        model,
        tokenizer,
        top_k=5,
        targets=None,
        clean_up_tokenization_spaces=False,
        whole_word_masking=False,
        **kwargs,
    ):
        super().__init__(model, tokenizer, **kwargs)
        check_count("top_k", top_k)
        check_flag("clean_up_tokenization_spaces", clean_up_tokenization_spaces)
        check_flag("whole_word_masking", whole_word_masking)
        self.top_k = top_k
        self.targets = [targets] if isinstance(targets, str) else targets
        self.clean_up_tokenization_spaces = clean_up_tokenization_spaces
        self.whole_word_masking = whole_word_masking
        self._hide = TokenHider(tokenizer, model.config.vocab_size, whole_word_masking)
        self.mask_token_id = self._hide.mask_token_id
        self._target_ids = None if self.targets is None else target_ids(tokenizer, self.targets)

    @classmethod
    def from_pretrained(cls, folder, *, max_length=None, **overrides):
        """Load a checkpoint folder of a masked language model; see `Task.from_pretrained`."""
        folder = cls._fetched(folder, overrides)
        path = Path(folder) / TOKENIZER_CONFIG
        stated = read_json(path).get("clean_up_tokenization_spaces") if path.is_file() else None
        overrides.setdefault("clean_up_tokenization_spaces", bool(stated))
        return super().from_pretrained(folder, max_length=max_length, **overrides)

    def save_pretrained(self, folder):
        """Write config, weights and vocabulary as a Hugging Face folder; see `Task.save_pretrained`."""
        super().save_pretrained(folder)
        if self.clean_up_tokenization_spaces:
            path = Path(folder) / TOKENIZER_CONFIG
            write_json(path, {**read_json(path), "clean_up_tokenization_spaces": True})

    # === Answering ===

    def __call__(self, inputs, training=None, **kwargs):
        answers = super().__call__(inputs, training=training, **kwargs)
        self._check_masks(answers)
        return answers

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Return the pieces for the masks of texts; see `Task.predict`.

        Raises:
            ValueError: If a text has no mask, or it was cut off.
        """
        answers = super().predict(x, batch_size, verbose, steps, callbacks)
        self._check_masks(answers)
        return answers

    def _check_masks(self, answers: dict[str, Any]) -> None:
        """Refuse texts without a mask wherever values are at hand."""
        length = answers.get("length")
        if length is None or not (isinstance(length, np.ndarray) or hasattr(length, "numpy")):
            return
        without = np.flatnonzero(np.asarray(length) == 0)
        if len(without):
            mask = self.tokenizer.mask_token
            raise ValueError(
                f"No mask_token ({mask}) found on the input at row {without[0]}. Write {mask} where a word is missing, "
                f"within the {self.tokenizer.max_length} tokens that the model sees."
            )

    def tokenize(self, columns):
        features = self.tokenizer(columns["text"])
        return {**features, "mask_positions": positions_of(features["input_ids"] == self.mask_token_id)}

    def forward(self, features, training):
        """Return `logits` [B, M, V] at `mask_positions` [B, M], or [B, S, V] for features without those."""
        features = dict(features)
        positions = features.pop("mask_positions", None)
        if positions is None:
            return {"logits": self.model(features, training=training).logits}
        hidden_states = self.model.run_shared(features, training)["last_hidden_state"]
        at_masks = tf.gather(hidden_states, tf.maximum(positions, 0), batch_dims=1)  # [B, M, D]
        return {"logits": self.model.score_vocabulary(at_masks)}

    def decode(self, outputs, features, columns):
        positions = features["mask_positions"]
        masks = tf.where(positions >= 0)  # [N, 2], row and number of each mask
        score, token = self._best(tf.gather_nd(outputs["logits"], masks))  # [N, k]
        column = tf.gather_nd(positions, masks)

        def dense(values, padding):
            """Values of masks [N, k] as [B, M, k]."""
            rows = tf.shape(positions, tf.int64)[0]
            ragged = tf.RaggedTensor.from_value_rowids(values, masks[:, 0], rows, validate=False)
            return ragged.to_tensor(padding, shape=[None, None, values.shape[1]])

        return {
            "token_str": dense(self._text(token[:, :, None]), ""),
            "token": dense(token, 0),
            "score": dense(score, 0.0),
            "sequence": dense(self._completed(features["input_ids"], masks[:, 0], column, token), ""),
            "length": tf.math.count_nonzero(positions >= 0, axis=1, dtype=tf.int32),
        }

    def _best(self, logits):
        """Scores and ids [N, k] of the likeliest pieces, from logits [N, V]."""
        scores = tf.nn.softmax(logits)
        if self._target_ids is None:
            return tf.math.top_k(scores, min(self.top_k, self.config.vocab_size))
        among = tf.constant(self._target_ids, tf.int32)
        score, place = tf.math.top_k(tf.gather(scores, among, axis=1), min(self.top_k, len(self._target_ids)))
        return score, tf.gather(among, place)

    def _completed(self, input_ids, row, column, token):
        """The texts [N, k] of rows [N] with tokens [N, k] at columns [N]; special tokens show beside other masks."""
        is_special, pad = tf.constant(self._hide.is_special), self.tokenizer.pad_token_id
        is_single = tf.math.count_nonzero(input_ids == self.mask_token_id, axis=1) == 1  # [B]

        def shown(ids, alone):
            return tf.where((ids == pad) | (alone[:, None] & tf.gather(is_special, ids)), NO_TOKEN, ids)

        rows = tf.gather(shown(input_ids, is_single), row)  # [N, S]
        here = tf.range(tf.shape(rows)[1]) == column[:, None]
        token = shown(token, tf.gather(is_single, row))
        return self._text(tf.where(here[:, None, :], token[:, :, None], rows[:, None, :]))

    def _text(self, ids):
        """The texts [N, k] of ids [N, k, S]."""
        shape = tf.shape(ids)
        flat = tf.reshape(ids, [shape[0] * shape[1], shape[2]])
        text = self.tokenizer.detokenize(flat, clean_up_tokenization_spaces=self.clean_up_tokenization_spaces)
        return tf.ensure_shape(tf.reshape(text, shape[:2]), ids.shape[:2])

    # === Training ===

    def default_metrics(self):
        return [Accuracy(), Perplexity()]

    def prepare_labels(self, labels):
        full = as_text(labels, "y")
        if len(full.shape) != 1:
            raise ValueError(f"`y` must be one full text for each text with masks. Received: shape {full.shape}.")
        return full

    def prepare_dataset_labels(self, dataset):
        spec = dataset.element_spec
        if isinstance(spec, tuple) and spec[1].dtype != tf.string:
            raise ValueError(
                f"A MaskFiller trains on texts, or on (text with masks, full text). Received labels of "
                f"{spec[1].dtype.name}: leave them out, dataset.map(lambda text, label: text)."
            )
        return dataset

    def training_batch(self, columns, *targets):
        if not targets or targets[0].dtype != tf.string:  # texts alone, or with weights
            return (self.tokenizer(columns["text"]), *targets)
        full, *weights = targets
        both = self.tokenizer(tf.concat([columns["text"], full], axis=0))
        features, whole = ({name: tf.split(ids, 2)[part] for name, ids in both.items()} for part in (0, 1))
        is_mask = features["input_ids"] == self.mask_token_id
        fits = tf.reduce_all(is_mask | (features["input_ids"] == whole["input_ids"]))
        message = f"`y` must be the texts of `x` with one piece in place of each {self.tokenizer.mask_token}."
        with tf.control_dependencies([tf.debugging.Assert(fits, [message])]):
            positions = positions_of(is_mask)
        return ({**features, "mask_positions": positions}, labels_at(whole["input_ids"], positions), *weights)

    def _tokenized(self, dataset, epochs):
        is_ready = is_tokenized(inputs_of(dataset.element_spec))
        dataset = super()._tokenized(dataset, epochs)
        if is_ready or "mask_positions" in inputs_of(dataset.element_spec):
            return dataset
        return self._hide.in_batches(dataset, epochs)

    # === Export ===

    def probes(self, names):
        """Return rows of text with one mask, with several, and without."""
        mask = self.tokenizer.mask_token.encode()
        (probe,) = super().probes(names)[1:]
        texts = [mask + b" " + tf.compat.as_bytes(text) for text in probe["text"]]
        return text_probes(names, [*texts, b"%b, %b %b." % (mask, mask, mask), b"none"])

    def export_metadata(self):
        return {**super().export_metadata(), "mask_token": self.tokenizer.mask_token}
