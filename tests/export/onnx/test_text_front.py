"""The tokenizer as an ONNX graph against the layer; `scripts/parity/exported.py` does it for millions of texts."""

import numpy as np
import onnxruntime
import onnxruntime_extensions
import pytest
import tensorflow as tf

from tests.conftest import tiny_vocabulary
from tfbert.export.onnx.character_map import make_character_map
from tfbert.export.onnx.graph_builder import GraphBuilder
from tfbert.export.onnx.text_front import text_front
from tfbert.export.onnx.utf8_characters import START, character_slots
from tfbert.layers import FastBertTokenizer
from tfbert.tasks.base.text_pairs import tokenize_pairs
from tfbert.tokenization.characters.character_tables import NormalizerOptions, character_outputs

TEXTS = [
    "I love the unaffable cat!",
    "",
    "Café déjà vu 北京 [MASK]",
    "[mask] [SEP][MASK][[PAD]] a[CLS]b [MA",  # which goes on in the next text, and is no [MASK]
    "SK] the",
    "hello한world 한국, the z" + "z" * 99,
    "z" * 100 + " \t\r\v\n\x1c\xa0\u2028a\u3000b",
    "a\u200db \U000f0000c\ufffd \ue000 \U0001f600. e\u0301 un\u0301",
    " ",
    "running runs cats, dogs?! " * 9,
]
PAIRS = ["text", "text_pair"]


class Beside:
    """A tokenizer, and what ONNX Runtime makes of its graphs for single texts and for pairs."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.sessions = {count: session(text_front(tokenizer, PAIRS[:count])) for count in (1, 2)}

    def check(self, *columns):
        got = run(self.sessions[len(columns)], *columns)
        want = self.tokenizer(*(tf.constant(column, tf.string) for column in columns))
        assert set(got) == set(want)
        for name, ids in want.items():
            assert got[name].dtype == np.int32
            np.testing.assert_array_equal(got[name], ids, err_msg=name)


def session(model):
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(session, *columns):
    names = [output.name for output in session.get_outputs()]
    arrays = [np.array(column, object) for column in columns]
    return dict(zip(names, session.run(names, dict(zip(PAIRS, arrays)))))


@pytest.fixture(scope="module")
def default():
    return Beside(FastBertTokenizer(tiny_vocabulary()))


def test_ids_are_those_of_the_layer(default):
    default.check(TEXTS)
    default.check(TEXTS, TEXTS[::-1])


@pytest.mark.parametrize(
    "options",
    [
        {"clean_text": False, "strip_accents": False, "max_length": 8, "truncation_side": "left"},
        *(
            pytest.param(options, marks=pytest.mark.exhaustive)
            for options in (
                {"do_lower_case": False, "tokenize_chinese_chars": False, "padding_side": "left"},
                {"split_special_tokens": True, "padding": "max_length", "max_length": 9},
                {"add_special_tokens": False, "pad_to_multiple_of": 8, "return_token_type_ids": False},
                {"buckets": [4, 64], "max_length": 70, "max_input_chars_per_word": 3, "unk_token": "the"},
            )
        ),
    ],
    ids=str,
)
def test_options_are_followed(options):
    beside = Beside(FastBertTokenizer([*tiny_vocabulary(), "\n", "\t", "\v", "\r0", " ", "a b"], **options))

    beside.check(TEXTS)
    beside.check(TEXTS, TEXTS[::-1])


@pytest.mark.parametrize("texts", [[], [""], ["", " "]], ids=str)
def test_batches_without_a_piece(default, texts):
    default.check(texts)
    default.check(texts, texts)


@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param({"padding_side": "left", "max_length": 8}, marks=pytest.mark.exhaustive),
        pytest.param({"truncation_side": "left", "max_length": 4, "buckets": [4]}, marks=pytest.mark.exhaustive),
        pytest.param({"add_special_tokens": False, "pad_to_multiple_of": 4}, marks=pytest.mark.exhaustive),
    ],
    ids=str,
)
def test_rows_without_a_second_text_are_single_ones_where_tasks_ask_for_it(default, options):
    tokenizer = (
        FastBertTokenizer.from_config({**default.tokenizer.get_config(), **options}) if options else default.tokenizer
    )
    model = session(text_front(tokenizer, PAIRS, empty_pair_is_single=True))

    for texts in (TEXTS, ["", "the cat"], [""], []):
        pairs = [text if row % 3 else "" for row, text in enumerate(texts[::-1])]
        got = run(model, texts, pairs)
        for name, ids in tokenize_pairs(
            tokenizer, tf.constant(texts, tf.string), tf.constant(pairs, tf.string)
        ).items():
            np.testing.assert_array_equal(got[name], ids, err_msg=name)


def test_of_tokens_that_begin_together_the_longest_is_found(vocabulary):
    tokens = [{"content": content, "special": True} for content in ("<e>", "<e>>>", "é京")]

    beside = Beside(FastBertTokenizer(vocabulary, added_tokens=tokens))

    beside.check(["a<e>b", "<e>><e>", "<e>>><e>>>><e", "é京 é e\u0301京", "> <E>"])


@pytest.mark.exhaustive
@pytest.mark.parametrize("prefix", ["", "@", "un"])
def test_other_prefixes_of_continuations(prefix):
    pieces = ["[UNK]", "[CLS]", "[SEP]", "un", "unun", "a", "@a", "una", "ab", "##a", "@", "##"]

    Beside(FastBertTokenizer(pieces, wordpieces_prefix=prefix)).check(["una ununa aab a@a ##a abun unab aun"])


def test_a_text_without_its_pair_is_an_error(default):
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument, match="segment"):
        run(default.sessions[2], ["a", "b"], ["a"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"added_tokens": ["<e>"]}, r"added_tokens.*<e>"),
        ({"added_tokens": [{"content": "<e>", "special": True, "single_word": True}]}, r"single words.*<e>"),
        ({"added_tokens": [{"content": "<<", "special": True}]}, "overlap.*'<<' and '<<'"),
        ({"added_tokens": [{"content": "x[MASK]", "special": True}]}, r"overlap.*'x\[MASK\]' and '\[MASK\]'"),
        ({"never_split": ["a.b"]}, r"never_split.*a\.b"),
        ({"max_input_chars_per_word": 1}, "max_input_chars_per_word.*split_special_tokens=True"),
        ({"truncation": "only_first"}, "`truncation`='only_first'"),
        ({"truncation": False}, "`truncation`=False"),
        ({"padding": "do_not_pad"}, "`padding`"),
        ({"return_offsets": True}, "`return_offsets`"),
        ({"return_overflowing_tokens": True}, "`return_overflowing_tokens`"),
        ({"return_special_tokens_mask": True}, "`return_special_tokens_mask`"),
        ({"return_length": True}, "`return_length`"),
        ({"use_fast_bert_tokenizer": False}, "use_fast_bert_tokenizer=True"),
        ({"vocab_list": [*tiny_vocabulary(), "##\u302e", "##\U0001d165"]}, "combining marks.*strip_accents"),
    ],
    ids=str,
)
def test_what_has_no_exact_form_is_refused(vocabulary, options, message):
    with pytest.raises(ValueError, match=message):
        text_front(FastBertTokenizer(**{"vocab_list": vocabulary, **options}), ["text"])


def test_what_leaves_no_room_is_refused(vocabulary):
    with pytest.raises(ValueError, match="`max_length`"):
        text_front(FastBertTokenizer(vocabulary, max_length=2), PAIRS)


def test_a_row_has_one_or_two_texts(vocabulary):
    with pytest.raises(ValueError, match="`names`"):
        text_front(FastBertTokenizer(vocabulary), [*PAIRS, "more"])


def test_bytes_that_are_no_utf8_are_deleted():
    cleaned = character_outputs(NormalizerOptions(clean_text=True))
    starts = [bytes([byte]) for byte in range(0x80, 0x100)]
    texts = [
        b"a" + first + second + b"b\x81" for first in starts for second in (b"", b"\x80", b"\x9f\xbf", b"\xbf\x80\x80")
    ]
    known = sorted(set("".join(text.decode("utf-8", "replace") for text in texts)))
    characters = make_character_map(cleaned, known)
    flat = np.array([byte for text in texts for byte in [START, *text]] + [START])
    graph = GraphBuilder("slots/")
    slots = character_slots(
        graph, graph.input("flat", "INT64", ["bytes"]), characters, start_slot=len(characters.texts)
    )
    model = graph.model({"slots": (slots, "INT64", ["bytes"])}).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    found = session.run(None, {"flat": flat})[0]

    strings = np.array([*characters.texts, "|"], object)[found]
    want = [
        "".join(characters.texts[characters.slots[ord(one)]] for one in text.decode("utf-8", "replace"))
        for text in texts
    ]
    assert "".join(strings).split("|")[1:-1] == want
