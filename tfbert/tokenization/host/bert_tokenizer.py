"""BertTokenizer: text to lists of ids and back, on the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfbert.tokenization.host.decoding import Decoding
from tfbert.tokenization.host.further_calls import FurtherCalls
from tfbert.tokenization.host.lengths import check_sides
from tfbert.tokenization.host.saving import MODEL_INPUT_NAMES, OPTIONS, Saving
from tfbert.tokenization.host.special_tokens import ATTRIBUTES
from tfbert.tokenization.host.vocabularies import Vocabulary, vocabulary_list
from tfbert.tokenization.text_tokenizer import check_never_split, text_tokenizer_options

UNSET = int(1e30)  # `model_max_length` where the model sets no limit, as in transformers
# Constructor arguments of transformers that say nothing about how text is tokenized.
KEPT = ("tokenizer_class", "processor_class", "auto_map", "special_tokens_map_file", "backend", "files_loaded")


class BertTokenizer(FurtherCalls, Decoding, Saving):
    """Maps text to BERT's inputs as Python lists, arrays or tensors, with the ids of the in-graph `FastBertTokenizer`.

    `BertTokenizerFast` is another name of it. A change of `vocab`, of the normalizer or of the prefix takes a new
    tokenizer; special tokens, sides, `model_max_length` and `model_input_names` may be set at any time.

    Args:
        vocab: list of str (the position is the id), dict of str to int, or the path of a `vocab.txt`.
        do_lower_case: bool, default True. Lower-case, character by character.
        unk_token, sep_token, pad_token, cls_token, mask_token: str or `AddedToken`, default "[UNK]", "[SEP]", "[PAD]",
            "[CLS]", "[MASK]". Those that are no piece, except `unk_token`, get ids after the last piece; None for
            `pad_token` and `mask_token`: there is none.
        tokenize_chinese_chars: bool, default True. Set each Chinese character apart.
        strip_accents: bool or None. Decompose and delete accents; default None: as `do_lower_case`.
        vocab_file: path or None. The `vocab.txt`, where `vocab` is not given.
        clean_text: bool, default True. Delete control characters, make all white space blanks.
        never_split: sequence of str or None. Words that stay whole where white space stands around them.
        added_tokens: sequence of str, dict or `AddedToken`. Found in the text before it is split; those that are no
            piece get the ids after the last piece, in their order.
        extra_special_tokens: sequence (or dict, whose values count) of str or `AddedToken`. Special tokens without a
            name, with ids after these; also named `additional_special_tokens`.
        bos_token, eos_token: str, `AddedToken` or None.
        model_max_length: int or None. The longest row in tokens; default None: no limit.
        padding_side, truncation_side: str, default "right". Or "left".
        clean_up_tokenization_spaces: bool, default False. What `decode` does unless it is told.
        split_special_tokens: bool, default False. Take special tokens in a text for plain text.
        wordpieces_prefix: str, default "##". What continuations begin with in `vocab`.
        max_input_chars_per_word: int, default 100. A word of more characters is unknown.
        cls_token_id, sep_token_id, pad_token_id: int or None. Ids that rows are built with, where they are not those
            of the tokens.
        model_input_names: sequence of str or None. What calls return unless they are told; default None: "input_ids",
            "token_type_ids", "attention_mask".
        name_or_path: str, default "". Where it came from.
        **kwargs: Any `…_token` is one more extra special token; a few names of transformers without effect are taken.

    Raises:
        TypeError, ValueError: If an argument is none of these.

    Example:
        >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "!"])
        >>> tokenizer("Hello world!")["input_ids"]
        [2, 5, 6, 7, 3]
        >>> tokenizer.decode([2, 5, 6, 7, 3], skip_special_tokens=True)
        'hello world!'

    Source: `BertTokenizer` of Hugging Face transformers 5, with the names that only version 4 has.
    """

    is_fast = True
    pad_token_type_id = 0

    def __init__(
        self,
        vocab: Vocabulary | None = None,
        do_lower_case: bool = True,
        unk_token: Any = "[UNK]",
        sep_token: Any = "[SEP]",
        pad_token: Any = "[PAD]",
        cls_token: Any = "[CLS]",
        mask_token: Any = "[MASK]",
        tokenize_chinese_chars: bool = True,
        strip_accents: bool | None = None,
        *,
        vocab_file: Any = None,
        clean_text: bool = True,
        never_split: Sequence[str] | None = None,
        added_tokens: Sequence[Any] = (),
        extra_special_tokens: Any = None,
        additional_special_tokens: Any = None,
        bos_token: Any = None,
        eos_token: Any = None,
        model_max_length: int | None = None,
        padding_side: str = "right",
        truncation_side: str = "right",
        clean_up_tokenization_spaces: bool = False,
        split_special_tokens: bool = False,
        wordpieces_prefix: str = "##",
        max_input_chars_per_word: int = 100,
        cls_token_id: int | None = None,
        sep_token_id: int | None = None,
        pad_token_id: int | None = None,
        model_input_names: Sequence[str] | None = None,
        name_or_path: str = "",
        **kwargs: Any,
    ):
        given = dict(locals())
        self.init_kwargs = {name: given[name] for name in given if name not in ("self", "kwargs", "__class__")} | kwargs
        extra = _extra_tokens(extra_special_tokens, additional_special_tokens, kwargs)
        self.do_lower_case, self.strip_accents = do_lower_case, strip_accents
        self.tokenize_chinese_chars, self.clean_text = tokenize_chinese_chars, clean_text
        self.never_split = check_never_split(never_split)
        self.wordpieces_prefix = wordpieces_prefix
        self.max_input_chars_per_word = max_input_chars_per_word
        self.split_special_tokens = split_special_tokens
        self.padding_side, self.truncation_side = padding_side, truncation_side
        self.model_max_length = UNSET if model_max_length is None else model_max_length
        self.clean_up_tokenization_spaces = clean_up_tokenization_spaces
        self.model_input_names = list(model_input_names or MODEL_INPUT_NAMES)
        self.name_or_path = str(name_or_path)
        self.vocab_file = vocab_file
        self._warned = False
        check_sides(padding_side, truncation_side)
        ids = {"cls_token": cls_token_id, "sep_token": sep_token_id, "pad_token": pad_token_id}
        super().__init__(
            vocabulary_list(vocab_file if vocab is None else vocab),
            added_tokens,
            {name: given[name] for name in ATTRIBUTES},
            extra,
            {name: index for name, index in ids.items() if index is not None},
        )

    def _refresh(self) -> None:
        super()._refresh()
        options = {name: getattr(self, name) for name in OPTIONS}
        options.update(unk_token=self._unk, split_special_tokens=False)  # which a call may choose
        self._options = text_tokenizer_options(self._table, options)
        self._stages = {}
        self._decoders = {}

    @property
    def vocab_size(self) -> int:
        """Number of word pieces, added tokens not counted."""
        return len(self._vocab_list)

    def __len__(self) -> int:
        return len(self._table.tokens)

    def __bool__(self) -> bool:
        return True

    def get_vocab(self) -> dict[str, int]:
        """Return the id of every token, added ones included."""
        return dict(self._table.ids)

    @property
    def vocab(self) -> dict[str, int]:
        """The id of every token, added ones included."""
        return self.get_vocab()

    def __repr__(self) -> str:
        added = "".join(f"\n\t{index}: {token}," for index, token in self.added_tokens_decoder.items())
        return (
            f"{type(self).__name__}(name_or_path={self.name_or_path!r}, vocab_size={self.vocab_size}, "
            f"model_max_length={self.model_max_length}, padding_side={self.padding_side!r}, "
            f"truncation_side={self.truncation_side!r}, special_tokens={self.special_tokens_map}, "
            f"added_tokens_decoder={{{added}\n}})"
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_decoders": {}}  # graphs are made anew when they are needed


BertTokenizerFast = BertTokenizer


def _extra_tokens(extra: Any, additional: Any, kwargs: dict[str, Any]) -> list[Any]:
    """The special tokens without a name, and a refusal of arguments that nobody knows."""
    tokens: list[Any] = []
    for name, given in (("extra_special_tokens", extra), ("additional_special_tokens", additional)):
        given = given or []
        if not isinstance(given, dict | list | tuple):
            raise TypeError(f"`{name}` must be a list of tokens. Received: {given!r}. Write [{given!r}].")
        tokens += given.values() if isinstance(given, dict) else given
    for name, value in kwargs.items():
        if name.endswith("_token"):
            tokens.append(value)
        elif name == "do_basic_tokenize":
            if value is not True:
                raise ValueError("`do_basic_tokenize` must be True: tfbert splits text into words before WordPiece.")
        elif name not in KEPT:
            raise TypeError(
                f"BertTokenizer takes no argument {name!r}. For a folder write BertTokenizer.from_pretrained(folder)."
            )
    return tokens
