"""FastBertTokenizer: text to model inputs, inside the graph."""

from __future__ import annotations

import os
from os import PathLike
from typing import Any

import keras
import tensorflow as tf

from tfbert.tokenization.normalizer import Normalizer, check_normalization
from tfbert.tokenization.packing import PackingOptions, SpecialIds, pack
from tfbert.tokenization.settings import TokenizerSettings
from tfbert.tokenization.text_input import as_text
from tfbert.tokenization.vocabulary import check_vocabulary, read_vocabulary, write_vocabulary
from tfbert.tokenization.wordpiece import WordpieceModel


@keras.saving.register_keras_serializable(package="tfbert")
class FastBertTokenizer(keras.layers.Layer):
    """Maps text to BERT's inputs in the TensorFlow graph: normalize, split into word pieces, pack.

    Calling it takes `text` [B] (also a str, list, tuple, NumPy array or Series), with `text_pair` [B] or as [B, 2] for
    pairs, and returns a dict of int32 [B, S]: `input_ids`, `attention_mask`, `token_type_ids`. The keyword arguments
    from `padding` on can be given per call too. It runs eagerly, in `tf.function`, in `tf.data`, in functional Keras
    models and in a SavedModel; it never enters an XLA scope, since XLA knows no strings.

    Args:
        vocab_list: list of str. The pieces; the position is the id.
        do_lower_case: bool, default True. Lower-case and strip accents.
        cls_token_id: int or None. Default: the id of `cls_token`.
        sep_token_id: int or None. Default: the id of `sep_token`.
        pad_token_id: int or None. Default: the id of `pad_token`, or 0 where the vocabulary has none.
        padding: str, default "longest". Pad to the longest row of the batch, or always to "max_length".
        truncation: bool or str, default True. True or "longest_first" cuts rows to `max_length`; False or
            "do_not_truncate" makes a longer row an error.
        max_length: int, default 512. The longest row in tokens, special tokens included.
        pad_to_multiple_of: int or None. Round the padded length up to a multiple of this.
        return_token_type_ids: bool, default True.
        return_attention_mask: bool, default True.
        strip_accents: bool or None. Default None: as `do_lower_case`, the only value that works so far.
        tokenize_chinese_chars: bool, default True, the only value that works so far.
        clean_text: bool, default True, the only value that works so far.
        unk_token, sep_token, pad_token, cls_token, mask_token: str, default "[UNK]", "[SEP]", "[PAD]", "[CLS]",
            "[MASK]".

    Returns:
        A dict of int32 [B, S].

    Raises:
        ValueError: If the vocabulary lacks a special token or an option is out of range.

    Example:
        >>> from tfbert.layers import FastBertTokenizer
        >>> tokenizer = FastBertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "world", "!"])
        >>> tokenizer(["Hello world!", "hello"])["input_ids"].numpy().tolist()
        [[2, 4, 5, 6, 3], [2, 4, 3, 0, 0]]

    Source: `TFBertTokenizer` of Hugging Face transformers 4, whose name and arguments it keeps.
    """

    def __init__(
        self,
        vocab_list,
        do_lower_case=True,
        cls_token_id=None,
        sep_token_id=None,
        pad_token_id=None,
        padding="longest",
        truncation=True,
        max_length=512,
        pad_to_multiple_of=None,
        return_token_type_ids=True,
        return_attention_mask=True,
        *,
        strip_accents=None,
        tokenize_chinese_chars=True,
        clean_text=True,
        unk_token="[UNK]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        mask_token="[MASK]",
        dtype="int32",
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        # Strings pass through Keras untouched, and never into an XLA scope.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False
        check_normalization(do_lower_case, strip_accents, tokenize_chinese_chars, clean_text)
        self.vocab_list = check_vocabulary(vocab_list, (unk_token, cls_token, sep_token))
        self.do_lower_case = do_lower_case
        self.strip_accents = strip_accents
        self.tokenize_chinese_chars = tokenize_chinese_chars
        self.clean_text = clean_text
        self.unk_token, self.mask_token = unk_token, mask_token
        self.cls_token, self.sep_token, self.pad_token = cls_token, sep_token, pad_token
        self.cls_token_id = self._token_id("cls_token_id", cls_token_id, cls_token)
        self.sep_token_id = self._token_id("sep_token_id", sep_token_id, sep_token)
        self.pad_token_id = self._token_id("pad_token_id", pad_token_id, pad_token)
        self.padding = padding
        self.truncation = truncation
        self.max_length = max_length
        self.pad_to_multiple_of = pad_to_multiple_of
        self.return_token_type_ids = return_token_type_ids
        self.return_attention_mask = return_attention_mask
        self.packing_options()
        self._stages: tuple[Normalizer, WordpieceModel] | None = None
        self.built = True

    def _token_id(self, name: str, given: int | None, token: str) -> int:
        if given is None:
            return self.vocab_list.index(token) if token in self.vocab_list else 0
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < len(self.vocab_list):
            raise ValueError(
                f"`{name}` must be an id of the vocabulary, 0 to {len(self.vocab_list) - 1}. Got {given!r}."
            )
        return given

    # === Text to ids ===

    def __call__(self, text, text_pair=None, **options):
        text = as_text(text)
        if text_pair is None:
            return super().__call__(text, **options)
        text_pair = as_text(text_pair, "text_pair")
        if len(text.shape) == 2 or len(text_pair.shape) == 2:
            raise ValueError(
                "Give pairs either as `text` and `text_pair` of shape [B] each, or as `text` of shape [B, 2]. "
                f"Received: text {tuple(text.shape)} and text_pair {tuple(text_pair.shape)}."
            )
        rows, pair_rows = text.shape[0], text_pair.shape[0]
        if rows is not None and pair_rows is not None and rows != pair_rows:
            raise ValueError(
                f"`text` and `text_pair` must have the same number of rows. Received: {rows} and {pair_rows}."
            )
        return super().__call__(text, text_pair=text_pair, **options)

    def call(
        self,
        text,
        text_pair=None,
        padding=None,
        truncation=None,
        max_length=None,
        pad_to_multiple_of=None,
        return_token_type_ids=None,
        return_attention_mask=None,
    ):
        texts = [text] if text_pair is None else [text, text_pair]
        if len(text.shape) == 2:
            texts = [text[:, 0], text[:, 1]]
        options = self.packing_options(padding, truncation, max_length, pad_to_multiple_of)
        special = SpecialIds(cls=self.cls_token_id, sep=self.sep_token_id, pad=self.pad_token_id)
        packed = pack([self.tokenize(segment) for segment in texts], options, special)
        if not _chosen(return_token_type_ids, self.return_token_type_ids):
            del packed["token_type_ids"]
        if not _chosen(return_attention_mask, self.return_attention_mask):
            del packed["attention_mask"]
        return packed

    def packing_options(
        self, padding=None, truncation=None, max_length=None, pad_to_multiple_of=None
    ) -> PackingOptions:
        """Return how rows are cut and padded; what is left open follows the constructor."""
        return PackingOptions(
            padding=_chosen(padding, self.padding),
            truncation=_chosen(truncation, self.truncation),
            max_length=_chosen(max_length, self.max_length),
            pad_to_multiple_of=_chosen(pad_to_multiple_of, self.pad_to_multiple_of),
        )

    def compute_output_spec(
        self,
        text,
        text_pair=None,
        padding=None,
        truncation=None,
        max_length=None,
        pad_to_multiple_of=None,
        return_token_type_ids=None,
        return_attention_mask=None,
    ):
        options = self.packing_options(padding, truncation, max_length, pad_to_multiple_of)
        names = ["input_ids"]
        names += ["attention_mask"] if _chosen(return_attention_mask, self.return_attention_mask) else []
        names += ["token_type_ids"] if _chosen(return_token_type_ids, self.return_token_type_ids) else []
        return {name: keras.KerasTensor((text.shape[0], options.fixed_length), "int32", name=name) for name in names}

    def tokenize(self, text):
        """Return the ids without special tokens, truncation or padding.

        Args:
            text: As in a call, shape [B].

        Returns:
            A ragged int32 tensor [B, (L)].
        """
        text = as_text(text)
        if self._stages is None:
            with tf.init_scope():  # the models are constants of the program, not of the graph being traced
                self._stages = Normalizer(self.do_lower_case), WordpieceModel(self.vocab_list, self.unk_token)
        normalize, to_pieces = self._stages
        return to_pieces(normalize(text))

    @property
    def vocab_size(self) -> int:
        """Number of pieces."""
        return len(self.vocab_list)

    # === From and to files ===

    @classmethod
    def from_pretrained(cls, folder: str | PathLike, **overrides: Any) -> FastBertTokenizer:
        """Build the tokenizer of a checkpoint folder.

        Args:
            folder: Path of a folder with `tokenizer.json` or `vocab.txt`.
            **overrides: Constructor arguments that win over the checkpoint's.

        Returns:
            A `FastBertTokenizer`.

        Raises:
            FileNotFoundError: If the folder has no vocabulary.

        Example:
            >>> tokenizer = FastBertTokenizer.from_pretrained("path/to/checkpoint", max_length=128)  # doctest: +SKIP
        """
        settings = TokenizerSettings.from_folder(folder)
        return cls(settings.vocab_list, **{**settings.options, **overrides})

    @classmethod
    def from_tokenizer(cls, tokenizer: Any, **overrides: Any) -> FastBertTokenizer:
        """Build it from a tokenizer object of Hugging Face.

        Args:
            tokenizer: A `tokenizers.Tokenizer`, or a BERT tokenizer of transformers, slow or fast.
            **overrides: Constructor arguments that win over the object's.

        Returns:
            A `FastBertTokenizer`.
        """
        settings = TokenizerSettings.from_tokenizer(tokenizer)
        return cls(settings.vocab_list, **{**settings.options, **overrides})

    def save_pretrained(self, folder: str | PathLike) -> None:
        """Write `vocab.txt` and `tokenizer_config.json`, which Hugging Face's BertTokenizer reads.

        Args:
            folder: Path of the folder, which is made if it is missing.
        """
        TokenizerSettings(vocab_list=self.vocab_list, options=self.get_config()).save(folder)

    def save_assets(self, inner_path: str) -> None:
        """Write the vocabulary into a `.keras` archive; called by Keras."""
        write_vocabulary(self.vocab_list, os.path.join(inner_path, "vocab.txt"))

    def load_assets(self, inner_path: str) -> None:
        """Read the vocabulary back from a `.keras` archive; called by Keras."""
        pieces = read_vocabulary(os.path.join(inner_path, "vocab.txt"))
        if pieces != self.vocab_list:
            self.vocab_list = check_vocabulary(pieces, (self.unk_token, self.cls_token, self.sep_token))
            self._stages = None

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument; `from_config` builds an equal layer from it."""
        names = (
            *("vocab_list", "do_lower_case", "cls_token_id", "sep_token_id", "pad_token_id"),
            *("padding", "truncation", "max_length", "pad_to_multiple_of"),
            *("return_token_type_ids", "return_attention_mask"),
            *("strip_accents", "tokenize_chinese_chars", "clean_text"),
            *("unk_token", "sep_token", "pad_token", "cls_token", "mask_token"),
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _chosen(given: Any, default: Any) -> Any:
    return default if given is None else given
