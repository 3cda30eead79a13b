"""TextGenerator: prompts go on."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from tfbert.export.verify import PROBE_TEXTS, SHORT_PROBE_TEXTS, text_probes
from tfbert.generation import GenerationOptions
from tfbert.models.bert_lm_head_model import TFBertLMHeadModel
from tfbert.option_checks import check_choice, check_count, check_flag
from tfbert.tasks.base.columns import TEXT
from tfbert.tasks.base.task import Task
from tfbert.tasks.base.text_dataset import is_tokenized
from tfbert.tasks.decoding.text_bytes import valid_utf8
from tfbert.training.losses.label_losses import IGNORED_LABEL
from tfbert.training.metrics import Perplexity

NO_TOKEN = -1  # the detokenizer passes over it
ANY_LENGTH = 2**31 - 1
SEARCH_OPTIONS = (
    *("max_new_tokens", "min_new_tokens", "do_sample", "temperature", "top_k", "top_p", "num_beams"),
    *("length_penalty", "early_stopping", "num_return_sequences", "repetition_penalty", "eos_token_id"),
)
TEXT_OPTIONS = ("return_full_text", "skip_special_tokens", "clean_up_tokenization_spaces", "return_tensors")


@keras.saving.register_keras_serializable(package="tfbert")
class TextGenerator(Task):
    """A prompt in, the text that goes on from it out.

    Called on text [B] it returns `generated_text` string [B]; with `num_return_sequences` n above 1 also
    `generated_texts` string [B, n], best first, of which it is the first; and with `return_tensors`
    `generated_token_ids` int32 [B, n, T], of which the first `length` int32 [B] are the text's, the rest is 0.

    The model goes on behind all tokens of a prompt, the final [SEP] too, as in Hugging Face's pipeline. `fit(texts)`
    learns the next token of texts, packed as prompts are: from_pretrained(folder, add_special_tokens=False) leaves
    [CLS] and [SEP] out of both.

    Args:
        model: `TFBertLMHeadModel`, a decoder.
        tokenizer: `FastBertTokenizer`.
        max_new_tokens, min_new_tokens, do_sample, temperature, top_k, top_p, num_beams, length_penalty,
            early_stopping, num_return_sequences, repetition_penalty, eos_token_id: As of
            `tfbert.generation.GenerationOptions`; `max_new_tokens` is 20 by default. An `eos_token_id` of None is the
            config's.
        return_full_text: bool, default True. The prompt and what follows, or False for what follows alone.
        skip_special_tokens: bool, default True. Leave special tokens out of the text.
        clean_up_tokenization_spaces: bool, default True. Take the blanks before punctuation and contractions out.
        return_tensors: bool, default False. Return the ids too.
        handle_long_generation: str or None, default "hole": a prompt that is too long for the model and the new tokens
            together loses its beginning. None leaves it to the tokenizer to cut prompts; one that is still too long
            is an error.
        seed: int or None. Of sampling; None draws other texts at each call.
        **kwargs: `name` of the Keras model.

    Raises:
        ValueError: If the model is no decoder, or an option is out of range or contradicts another.

    Example:
        >>> generator = TextGenerator.from_pretrained("path/to/checkpoint", max_new_tokens=10)  # doctest: +SKIP
        >>> generator.predict(["Once upon a time"])["generated_text"]  # doctest: +SKIP
        array(['Once upon a time there was a king who had a daughter'], dtype=object)

    Source: the text-generation pipeline of Hugging Face transformers.
    """

    model_class = TFBertLMHeadModel
    task_name = "text-generation"
    columns = (TEXT,)
    needs_labels = False
    option_names = (*SEARCH_OPTIONS, *TEXT_OPTIONS, "handle_long_generation", "seed")

    def __init__(
        self,
        model,
        tokenizer,
        max_new_tokens=20,
        min_new_tokens=0,
        do_sample=False,
        temperature=1.0,
        top_k=50,
        top_p=1.0,
        num_beams=1,
        length_penalty=1.0,
        early_stopping=False,
        num_return_sequences=1,
        repetition_penalty=1.0,
        eos_token_id=None,
        return_full_text=True,
        skip_special_tokens=True,
        clean_up_tokenization_spaces=True,
        return_tensors=False,
        handle_long_generation="hole",
        seed=None,
        **kwargs,
    ):
        super().__init__(model, tokenizer, **kwargs)
        given = locals()
        for name in self.option_names:
            setattr(self, name, given[name])
        for name in TEXT_OPTIONS:
            check_flag(name, given[name])
        check_count("max_new_tokens", max_new_tokens)
        check_choice("handle_long_generation", handle_long_generation, (None, "hole"))
        if not model.config.is_decoder:
            raise ValueError("Only a decoder generates text: write from_pretrained(..., is_decoder=True).")
        ends = {"eos_token_id": model.config.extra.get("eos_token_id")} if eos_token_id is None else {}
        search = {name: given[name] for name in SEARCH_OPTIONS} | ends
        pad = model.config.pad_token_id
        if num_beams > 1:
            pad = pad or None  # beams of Hugging Face take a pad token of 0 for none, and fill up with the end token
        self.generation = GenerationOptions(pad_token_id=pad, **search)
        if seed is not None:
            check_count("seed", seed, least=0)
            if not do_sample:
                raise ValueError(f"`seed` acts only with do_sample=True: add that, or leave it out. Received: {seed}.")
        if handle_long_generation == "hole" and max_new_tokens >= tokenizer.max_length:
            raise ValueError(
                f"`max_new_tokens` must be less than the tokenizer's max_length, {tokenizer.max_length}, so that a "
                f"prompt has room. Received: {max_new_tokens}."
            )

    @property
    def is_random(self) -> bool:
        """Whether the same prompt may go on otherwise at the next call."""
        return self.do_sample and self.seed is None

    # === Answering ===

    def tokenize(self, columns):
        options: dict[str, Any] = {"padding_side": "left", "return_token_type_ids": False}
        if self.handle_long_generation is None:
            return self.tokenizer(columns["text"], **options)
        options.update(truncation=False, max_length=ANY_LENGTH, padding="longest", buckets=[])
        room = self.tokenizer.max_length - self.max_new_tokens
        return {name: ids[:, -room:] for name, ids in self.tokenizer(columns["text"], **options).items()}

    def call(self, inputs, training=False):
        if is_tokenized(inputs):
            return self.forward(inputs, training)
        features = self.tokenize(inputs)
        return self.decode({"sequences": self._generate(**features)}, features, inputs)

    def forward(self, features, training):
        return {"logits": self.model(features, training=training).logits}  # [B, S, V]

    def _generate(self, input_ids, attention_mask):
        """Prompts [B, P] and new tokens, int32 [B · n, P + T]."""
        # A prompt without any token goes on from its last padding.
        seen = tf.concat([attention_mask[:, :-1], tf.ones_like(attention_mask[:, -1:])], axis=1)
        return self.model.generate(input_ids, seen, seed=self.seed, **dataclasses.asdict(self.generation))

    def decode(self, outputs, features, columns):
        copies = self.num_return_sequences
        prompts = tf.where(features["attention_mask"] > 0, features["input_ids"], NO_TOKEN)  # [B, P]
        rows, width = tf.unstack(tf.shape(prompts))
        new, new_length = self._without_fillers(
            tf.reshape(outputs["sequences"][:, width:], [rows, copies, tf.shape(outputs["sequences"])[1] - width])
        )
        ids = tf.reshape(tf.concat([tf.repeat(prompts[:, None], copies, axis=1), new], axis=2), [rows * copies, -1])
        beginnings = tf.repeat(columns["text"], copies) if self.return_full_text else ""
        text = tf.strings.join([beginnings, self._behind(self._text(ids), tf.repeat(self._text(prompts), copies))])
        text = valid_utf8(text)  # a prompt may be no valid UTF-8
        texts = tf.ensure_shape(tf.reshape(text, [rows, copies]), [None, copies])
        answers = {"generated_text": texts[:, 0]}
        if copies > 1:
            answers["generated_texts"] = texts
        if self.return_tensors:
            packed = tf.ragged.boolean_mask(ids, ids != NO_TOKEN).to_tensor(0)
            answers["generated_token_ids"] = tf.reshape(packed, [rows, copies, tf.shape(packed)[1]])
            answers["length"] = tf.math.count_nonzero(prompts != NO_TOKEN, axis=1, dtype=tf.int32) + new_length
        return answers

    def _without_fillers(self, new):
        """New tokens [B, n, T] as if the row were alone: up to the longest of its n texts; and that length [B]."""
        column = tf.range(tf.shape(new)[2])
        length = tf.reduce_min(tf.where(self.generation.ends(new), column + 1, tf.shape(new)[2]), axis=2)  # [B, n]
        longest = tf.reduce_max(length, axis=1)
        return tf.where(column < longest[:, None, None], new, NO_TOKEN), longest

    def _behind(self, text, prompt):
        """The texts [R] without as many characters as their prompts have."""
        begin = tf.minimum(*(tf.strings.length(string, unit="UTF8_CHAR") for string in (prompt, text)))
        return tf.strings.substr(text, begin, tf.strings.length(text), unit="UTF8_CHAR")

    def _text(self, ids):
        return self.tokenizer.detokenize(
            ids,
            skip_special_tokens=self.skip_special_tokens,
            clean_up_tokenization_spaces=self.clean_up_tokenization_spaces,
        )

    # === Training ===

    def default_metrics(self):
        return [Perplexity(shift=True)]

    def prepare_labels(self, labels):
        raise ValueError("A TextGenerator learns the next token of texts alone: leave out `y`.")

    def prepare_dataset_labels(self, dataset):
        if isinstance(dataset.element_spec, tuple):
            raise ValueError(
                "A TextGenerator learns the next token of texts alone. Leave the labels out: "
                "dataset.map(lambda text, label: text)."
            )
        return dataset

    def training_batch(self, columns, *weights):
        features = self.tokenizer(columns["text"], padding_side="right")
        labels = tf.where(features["attention_mask"] > 0, features["input_ids"], IGNORED_LABEL)
        return (features, labels, *weights)

    def probes(self, names):
        """Return texts to check an export with; long ones where they are cut to leave room."""
        return text_probes(names, PROBE_TEXTS if self.handle_long_generation else SHORT_PROBE_TEXTS)
