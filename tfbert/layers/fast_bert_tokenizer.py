"""FastBertTokenizer: text to model inputs, inside the graph."""

from __future__ import annotations

import dataclasses
import inspect
import os
from os import PathLike
from typing import Any

import keras
import numpy as np

from tfbert.hub import TOKENIZER_FILES, resolve_folder, take_hub_options
from tfbert.option_checks import check_flag
from tfbert.tokenization.packing.packing import pack
from tfbert.tokenization.packing.packing_options import PackingOptions, check_buckets, check_litert
from tfbert.tokenization.settings.tokenizer_settings import TokenizerSettings
from tfbert.tokenization.text_input import as_text
from tfbert.tokenization.token_table import TokenTable
from tfbert.tokenization.tokenizer_core import TokenizerCore
from tfbert.tokenization.vocabulary import fits_vocabulary_file, read_vocabulary, write_vocabulary

PACKING_OPTIONS = tuple(field.name for field in dataclasses.fields(PackingOptions))


@keras.saving.register_keras_serializable(package="tfbert")
class FastBertTokenizer(keras.layers.Layer):
    """Maps text to BERT's inputs in the TensorFlow graph, with exactly the ids of Hugging Face's `tokenizers`.

    Calling it takes `text` [B] (also a str, list, tuple, NumPy array or Series), with `text_pair` [B] or as [B, 2] for
    pairs, and returns a dict of int32 [B, S]: `input_ids`, `attention_mask`, `token_type_ids`. All that decides how
    rows are cut, padded and described can be given per call too, and `shown`, bool [B]: where it is False, texts count
    as empty. It runs eagerly, in `tf.function`, in `tf.data`, in
    functional Keras models and in a SavedModel; it never enters an XLA scope, since XLA knows no strings.

    Args:
        vocab_list: list of str. The word pieces; the position is the id.
        do_lower_case: bool, default True. Lower-case, character by character.
        cls_token_id: int or None. Default: the id of `cls_token`.
        sep_token_id: int or None. Default: the id of `sep_token`.
        pad_token_id: int or None. Default: the id of `pad_token`, or 0 where there is none.
        padding: str or bool, default "longest". Pad to the longest row of the batch, always to "max_length", or
            "do_not_pad", which takes rows of one length.
        truncation: bool or str, default True. True or "longest_first" cuts rows to `max_length`; "only_first" and
            "only_second" cut one text of a pair; False or "do_not_truncate" makes a longer row an error.
        max_length: int, default 512. The longest row in tokens, special tokens included.
        pad_to_multiple_of: int or None. Round the padded length up to a multiple of this.
        return_token_type_ids: bool, default True.
        return_attention_mask: bool, default True.
        use_fast_bert_tokenizer: bool, default True. False builds on tensorflow-text's older ops, for servers that lack
            the fast ones: slower, and not exact (README lists how far).
        strip_accents: bool or None. Decompose and delete accents; default None: as `do_lower_case`.
        tokenize_chinese_chars: bool, default True. Set each Chinese character apart.
        clean_text: bool, default True. Delete control characters, make all white space blanks.
        never_split: sequence of str. Words of the raw text that stay whole where white space stands around them.
        added_tokens: sequence of str, dict or `AddedToken`. Found in the text before it is split; those that are no
            piece get the ids after the last piece, in their order. The five named tokens need not be listed.
        wordpieces_prefix: str, default "##". What continuations begin with in `vocab_list`.
        max_input_chars_per_word: int, default 100. A word of more characters is unknown.
        unk_token, sep_token, pad_token, cls_token, mask_token: str, default "[UNK]", "[SEP]", "[PAD]", "[CLS]",
            "[MASK]".
        split_special_tokens: bool, default False. Take special tokens in a text for plain text.
        truncation_side, padding_side: str, default "right". Or "left".
        buckets: sequence of int or None. Pad to the first of these lengths that is long enough, else to `max_length`.
        stride: int, default 0. Pieces that neighbouring windows share, with `return_overflowing_tokens`.
        return_overflowing_tokens: bool, default False. What is cut comes as further rows; adds
            `overflow_to_sample_mapping` [R], the text of each row.
        add_special_tokens: bool, default True. [CLS] and [SEP].
        return_special_tokens_mask: bool, default False. Adds `special_tokens_mask` [B, S].
        return_offsets: bool, default False. Adds `offset_mapping` [B, S, 2], begin and end in bytes of the text.
        return_length: bool, default False. Adds `length` [B], padding included as in transformers.

    Returns:
        A dict of int32 tensors.

    Raises:
        ValueError: If the vocabulary lacks a special token, or an option is out of range or contradicts another. When
            first used: if a piece or an added token is too long, or one that no text can hold.

    Example:
        >>> from tfbert.layers import FastBertTokenizer
        >>> tokenizer = FastBertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "world", "!"])
        >>> tokenizer(["Hello world!", "hello"])["input_ids"].numpy().tolist()
        [[2, 4, 5, 6, 3], [2, 4, 3, 0, 0]]

    Source: `TFBertTokenizer` of Hugging Face transformers 4, whose name and arguments it keeps; ids, offsets and
        cutting of Hugging Face tokenizers (Rust).
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
        use_fast_bert_tokenizer=True,
        *,
        strip_accents=None,
        tokenize_chinese_chars=True,
        clean_text=True,
        never_split=(),
        added_tokens=(),
        wordpieces_prefix="##",
        max_input_chars_per_word=100,
        unk_token="[UNK]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        mask_token="[MASK]",
        split_special_tokens=False,
        truncation_side="right",
        padding_side="right",
        buckets=None,
        stride=0,
        return_overflowing_tokens=False,
        add_special_tokens=True,
        return_special_tokens_mask=False,
        return_offsets=False,
        return_length=False,
        dtype="int32",
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        # Strings pass through Keras untouched, and never into an XLA scope.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False
        given = locals()
        for name in OPTIONS:  # every argument is an attribute of its name, as get_config hands them out again
            value = given[name]
            setattr(self, name, value.item() if isinstance(value, np.generic) else value)
        check_flag("use_fast_bert_tokenizer", use_fast_bert_tokenizer)
        if buckets is not None:
            self.buckets = check_buckets(buckets)
        self._set_vocabulary(vocab_list, "exact" if use_fast_bert_tokenizer else "classic")
        self.packing_options()
        self.built = True

    def __setattr__(self, name, value):
        if name in FIXED and name in self.__dict__:
            raise AttributeError(
                f"`{name}` is fixed when the tokenizer is made. Make another one: "
                f"FastBertTokenizer.from_config({{**tokenizer.get_config(), {name!r}: {value!r}}})."
            )
        super().__setattr__(name, value)

    def _set_vocabulary(self, vocab_list: Any, ops: str) -> None:
        self._core = TokenizerCore(vocab_list, {name: getattr(self, name) for name in OPTIONS}, ops)
        special = self._core.special
        tokens = {"cls_token_id": special.cls, "sep_token_id": special.sep, "pad_token_id": special.pad}
        for name, value in {"vocab_list": self._core.table.vocab_list, **tokens}.items():
            super().__setattr__(name, value)
        # As an attribute TensorFlow tracks them; there are none but with the older ops.
        self.lookup_tables = self._core.lookup_tables() if ops == "classic" else []

    # === Text to ids ===

    def __call__(self, text, text_pair=None, *args, **options):
        text = as_text(text)
        if text_pair is None:
            return super().__call__(text, None, *args, **options)
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
        return super().__call__(text, text_pair, *args, **options)

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
        shown=None,
        **options,
    ):
        options.update(padding=padding, truncation=truncation, max_length=max_length)
        options.update(pad_to_multiple_of=pad_to_multiple_of, return_token_type_ids=return_token_type_ids)
        packing = self.packing_options(return_attention_mask=return_attention_mask, **options)
        segments = [text] if text_pair is None else [text, text_pair]
        if len(text.shape) == 2:
            segments = [text[:, 0], text[:, 1]]
        pieces = self._core.pieces(segments, packing.return_offsets, shown)
        return pack(pieces, len(segments), packing, self._core.special)

    def compute_output_spec(self, text, text_pair=None, *args, **options):
        given = inspect.signature(self.call).bind(text, text_pair, *args, **options).arguments
        options = {**given.pop("options", {}), **given}
        for name in ("text", "text_pair", "shown"):
            options.pop(name, None)
        packing = self.packing_options(**options)
        batch = None if packing.return_overflowing_tokens else text.shape[0]
        return {
            name: keras.KerasTensor((batch, *shape), "int32", name=name)
            for name, shape in packing.output_shapes().items()
        }

    def packing_options(self, **options: Any) -> PackingOptions:
        """Return how rows are cut and padded; what is not given, or None, follows the constructor."""
        unknown = sorted(set(options) - set(PACKING_OPTIONS))
        if unknown:
            raise TypeError(f"A call takes no option {unknown[0]!r}. It takes: {', '.join(PACKING_OPTIONS)}.")
        defaults = {name: getattr(self, name) for name in PACKING_OPTIONS}
        return PackingOptions(**{**defaults, **{name: value for name, value in options.items() if value is not None}})

    def tokenize(self, text):
        """Return the ids without special tokens, truncation or padding.

        Args:
            text: As in a call, shape [B].

        Returns:
            A ragged int32 tensor [B, (L)].
        """
        pieces = self._core.pieces([as_text(text)], offsets=False)
        return pieces.ragged(pieces.ids)

    def tokenize_with_offsets(self, text):
        """Return the ids as `tokenize` does, and where each begins and ends in the text.

        Args:
            text: As in a call, shape [B].

        Returns:
            Three ragged tensors [B, (L)]: ids, int32; begins and ends, int64, in bytes of the text.

        Example:
            >>> tokenizer = FastBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "cafe", "!"])
            >>> [row.to_list() for row in tokenizer.tokenize_with_offsets(["Café !"])]
            [[[3, 4]], [[0, 6]], [[5, 7]]]
        """
        pieces = self._core.pieces([as_text(text)], offsets=True)
        return pieces.ragged(pieces.ids), pieces.ragged(pieces.starts), pieces.ragged(pieces.ends)

    # === Ids to text ===

    def detokenize(self, ids, skip_special_tokens=False, clean_up_tokenization_spaces=False):
        """Return the text of ids, as `decode` of Hugging Face does.

        Args:
            ids: int [B, S] or [S], or ragged [B, (S)]. What is no id, such as -100, is passed over.
            skip_special_tokens: bool, default False. Leave special tokens out.
            clean_up_tokenization_spaces: bool, default False. Take the blanks before punctuation and contractions out.

        Returns:
            A string tensor [B], or [] for ids [S].

        Example:
            >>> tokenizer = FastBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "run", "##ning"])
            >>> tokenizer.detokenize([[1, 3, 4, 2]], skip_special_tokens=True).numpy().tolist()
            [b'running']
        """
        return self._core.detokenize(ids, skip_special_tokens, clean_up_tokenization_spaces)

    # === The tokens ===

    @property
    def vocab_size(self) -> int:
        """Number of word pieces, added tokens not counted."""
        return len(self.vocab_list)

    @property
    def token_table(self) -> TokenTable:
        """All tokens by id, added ones included."""
        return self._core.table

    @property
    def runs_in_litert(self) -> bool:
        """Whether it was made by `for_litert`."""
        return self._core.ops == "litert"

    def for_litert(self) -> FastBertTokenizer:
        """Return this tokenizer on nothing but ops that LiteRT runs: no look-out for special tokens in texts.

        Returns:
            A `FastBertTokenizer`, to be converted.

        Raises:
            ValueError: If an option takes ops that LiteRT lacks; the message names it.
        """
        check_litert(self.packing_options())
        if not self.use_fast_bert_tokenizer:
            raise ValueError("LiteRT lacks the older ops. Write use_fast_bert_tokenizer=True.")
        twin = self.from_config(self.get_config())
        twin._set_vocabulary(self.vocab_list, "litert")
        return twin

    # === From and to files ===

    @classmethod
    def from_pretrained(cls, folder: str | PathLike, **overrides: Any) -> FastBertTokenizer:
        """Build the tokenizer of a checkpoint folder.

        Args:
            folder: Path of a folder with `tokenizer.json` or `vocab.txt`, or a model's name on the Hugging Face hub.
            **overrides: Constructor arguments that win over the checkpoint's; and for the hub `revision`, `cache_dir`,
                `local_files_only`, `token` and `subfolder`.

        Returns:
            A `FastBertTokenizer`.

        Raises:
            FileNotFoundError: If the folder has no vocabulary.

        Example:
            >>> tokenizer = FastBertTokenizer.from_pretrained("path/to/checkpoint", max_length=128)  # doctest: +SKIP
        """
        folder = resolve_folder(folder, TOKENIZER_FILES, **take_hub_options(overrides))
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
        """Write `tokenizer.json`, `vocab.txt` and `tokenizer_config.json`, which Hugging Face's tokenizers read.

        Args:
            folder: Path of the folder, which is made if it is missing.
        """
        TokenizerSettings(vocab_list=self.vocab_list, options=self.get_config()).save(folder)

    def save_assets(self, inner_path: str) -> None:
        """Write the vocabulary into a `.keras` archive; called by Keras."""
        if fits_vocabulary_file(self.vocab_list):  # the archive's config holds it in any case
            write_vocabulary(self.vocab_list, os.path.join(inner_path, "vocab.txt"))

    def load_assets(self, inner_path: str) -> None:
        """Read the vocabulary back from a `.keras` archive; called by Keras."""
        path = os.path.join(inner_path, "vocab.txt")
        if os.path.isfile(path) and (pieces := read_vocabulary(path)) != self.vocab_list:
            self._set_vocabulary(pieces, self._core.ops)

    @staticmethod
    def default_options() -> dict[str, Any]:
        """Return every argument but `vocab_list` with its default."""
        parameters = inspect.signature(FastBertTokenizer.__init__).parameters
        return {name: parameters[name].default for name in OPTIONS}

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument; `from_config` builds an equal layer from it."""
        options = {name: getattr(self, name) for name in OPTIONS}
        options["added_tokens"] = [dataclasses.asdict(token) for token in self._core.table.added_tokens]
        return {**super().get_config(), "vocab_list": list(self.vocab_list), **options}


OPTIONS = tuple(inspect.signature(FastBertTokenizer.__init__).parameters)[
    2:-2
]  # without self, vocab_list, dtype, kwargs
# What is built into the stages, where a change would not reach it.
FIXED = {"vocab_list", *OPTIONS} - set(PACKING_OPTIONS)
