"""What an exported file is asked with: every form of text, ids that fit, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import tfbert.export
from tfbert.export.loaded_model import LoadedModel
from tfbert.export.onnx.onnx_model import BYTES_AT_ONCE, OnnxModel

IDS = ("input_ids", "attention_mask", "token_type_ids")
CONFIG = {"vocab_size": 9, "type_vocab_size": 2, "max_position_embeddings": 4}
PAIRS, CHOICES = {"text": 1, "text_pair": 1}, {"text": 1, "choices": 2}


class Echo(LoadedModel):
    """Answers what it was asked."""

    def __init__(self, ranks, ids_rank=2, **metadata):
        super().__init__("echo.file", {"task": "echo", "inputs": list(ranks), **metadata})
        self._ranks, self._ids_rank = ranks, ids_rank

    def input_ranks(self):
        return self._ranks

    def ids_ranks(self):
        return dict.fromkeys(IDS, self._ids_rank) if self._ids_rank else {}

    def _run(self, columns):
        return columns

    def _run_ids(self, ids):
        return ids


def read(ranks, x, **options):
    return {name: values.tolist() for name, values in Echo(ranks).predict(x, **options).items()}


@pytest.mark.parametrize(
    "given",
    [
        ["a", "b\0"],
        ("a", b"b\0"),
        np.array(["a", "b\0"], object),
        pd.Series(["a", "b\0"], index=[7, 5]),
        tf.constant(["a", "b\0"]),
        {"text": tf.constant(["a", "b\0"])},
        pd.DataFrame({"text": ["a", "b\0"]}),
        [{"text": "a"}, {"text": "b\0"}],
    ],
    ids=lambda given: type(given).__name__,
)
def test_one_text_a_row_in_every_form(given):
    assert read({"text": 1}, given) == {"text": ["a", "b\0"]}
    assert Echo({"text": 1})(given)["text"].tolist() == ["a", "b\0"]


@pytest.mark.parametrize(
    "given",
    [
        [("a", "b"), ["c", b"d"]],
        [np.array(["a", "b"]), pd.Series(["c", "d"], index=[5, 7])],
        np.array([["a", "b"], ["c", "d"]]),
        tf.constant([["a", "b"], ["c", "d"]]),
        pd.DataFrame({"text_pair": ["b", "d"], "text": ["a", "c"]}),
        [{"text": "a", "text_pair": "b"}, {"text_pair": "d", "text": "c"}],
    ],
)
def test_pairs_in_every_form(given):
    assert read(PAIRS, given) == {"text": ["a", "c"], "text_pair": ["b", "d"]}


@pytest.mark.parametrize(
    "choices",
    [
        [["b", "c"], ["d"]],
        [("b", "c"), np.array(["d"])],
        np.array([["b", "c"], ["d", ""]]),
        tf.constant([["b", "c"], ["d", ""]]),
        pd.Series([["b", "c"], ["d"]]),
    ],
)
def test_several_texts_a_row_in_every_form(choices):
    expected = {"text": ["a", "e"], "choices": [["b", "c"], ["d", ""]]}
    assert read(CHOICES, {"text": ["a", "e"], "choices": choices}) == expected
    rows = [{"text": "a", "choices": ["b", "c"]}, {"text": "e", "choices": "d"}]
    assert read(CHOICES, rows, batch_size=2) == expected


@pytest.mark.parametrize("choices", [["b", "c"], tf.constant(["b", "c"]), np.array(["b", "c"])])
def test_one_list_of_texts_is_for_all_rows(choices):
    assert read(CHOICES, {"text": ["a", "d"], "choices": choices})["choices"] == [["b", "c"]] * 2
    assert Echo(CHOICES)(text="a", choices=choices)["choices"].tolist() == [["b", "c"]]


@pytest.mark.parametrize("choices", [[], [[], []], np.empty([2, 0], object), [[""], []]])
def test_rows_without_a_choice_have_an_empty_one(choices):
    assert read(CHOICES, {"text": ["a", "d"], "choices": choices})["choices"] == [[""], [""]]


@pytest.mark.parametrize("ranks", [{"text": 1}, PAIRS, CHOICES])
def test_no_rows_have_no_answers(ranks):
    for nothing in (list[str](), np.empty([0], object)):
        found = Echo(ranks).predict(dict.fromkeys(ranks, nothing))
        assert {name: len(values) for name, values in found.items()} == dict.fromkeys(ranks, 0)
        assert Echo(ranks)._sizes(found).shape == (0,)


@pytest.mark.parametrize(
    ("ranks", "given", "error", "message"),
    [
        ({"text": 1}, None, TypeError, "`text` must be a string.*Received: NoneType"),
        ({"text": 1}, np.array("a"), ValueError, r"`text` must be strings of shape \[B\]\. Received: \(\)"),
        ({"text": 1}, tf.constant("a"), ValueError, r"`text` must be strings of shape \[B\]\. Received: \(\)"),
        (
            {"text": 1},
            np.array([["a", "b"]]),
            ValueError,
            r"`text` must be strings of shape \[B\]\. Received: \(1, 2\)",
        ),
        ({"text": 1}, [["a", "b"]], TypeError, r"`text` must hold strings only.*\['a', 'b'\].*row 0"),
        ({"text": 1}, np.arange(3), TypeError, r"`text` must hold strings only.*0 \(int\)"),
        ({"text": 1}, pd.Series(["a", None]), TypeError, "`text` must hold strings only.*row 1"),
        ({"text": 1}, pd.DataFrame({"txt": ["a"]}), ValueError, r"takes \['text'\].*'txt'"),
        ({"text": 1}, [{"text": "a"}, {"txt": "b"}], ValueError, "same keys.*row 1"),
        (PAIRS, ["ab", "cd"], TypeError, r"'text': \[…\], 'text_pair': \[…\]}, or rows of two texts. Received: list"),
        (PAIRS, [("a", "b", "c")], TypeError, "or rows of two texts"),
        (PAIRS, np.array([[["a"]]]), ValueError, r"shape \[B\] or \[B, 2\]\. Received: \(1, 1, 1\)"),
        (PAIRS, {"text": ["a", "b"], "text_pair": "c"}, ValueError, "same number of rows. Received: 2 and 1"),
        (CHOICES, [("a", "b")], TypeError, r"takes {'text': \[…\], 'choices': \[…\]}\. Received: list"),
        (
            CHOICES,
            {"text": "a", "choices": np.array("b")},
            ValueError,
            r"`choices` .*\[C\] or \[B, C\]\. Received: \(\)",
        ),
        (CHOICES, {"text": ["a", "b"], "choices": [["c"]]}, ValueError, "same number of rows"),
        (CHOICES, {"text": "a", "choices": [["b", 3]]}, TypeError, r"`choices` must hold strings only.*3 \(int\)"),
    ],
)
def test_what_is_no_text_is_refused(ranks, given, error, message):
    with pytest.raises(error, match=message):
        Echo(ranks).predict(given)


def ids(values, **others):
    values = np.asarray(values)
    return {"input_ids": values, "attention_mask": values * 0 + 1, "token_type_ids": values * 0, **others}


@pytest.mark.parametrize(
    "values", [[[2, 8, 0, 3]], np.zeros([0, 3], np.uint8), np.array([[8]], np.uint64), tf.constant([[7]])]
)
def test_ids_that_fit(values):
    found = Echo({"text": 1}, config=CONFIG).run_ids(**ids(values, input_ids=values))
    assert {array.dtype for array in found.values()} == {np.dtype(np.int32)}
    assert found["input_ids"].tolist() == np.asarray(values).tolist()


def test_ids_without_limits():
    found = Echo({}, ids_rank=3).run_ids(**ids([[[2, 9_999]]]))  # metadata without a config
    assert found["input_ids"].tolist() == [[[2, 9_999]]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"input_ids": [[1]]}, r"takes \['attention_mask', 'input_ids', 'token_type_ids'\]. Received: \['input_ids'\]"),
        (ids([[1]], foo=1), r"takes.*Received: .*'foo'"),
        (ids([[2, -1]]), "`input_ids` must be from 0 to 8. Received: -1"),
        (ids([[2, 9]]), "`input_ids` must be from 0 to 8. Received: 9"),
        (ids([[2, 5 + 2**32]]), "`input_ids` must be from 0 to 8. Received: 4294967301"),
        (ids([[1]], attention_mask=[[2]]), "`attention_mask` must be from 0 to 1. Received: 2"),
        (ids([[1]], token_type_ids=[[7]]), "`token_type_ids` must be from 0 to 1. Received: 7"),
        (ids([[2.0]]), r"`input_ids` must be integers of shape \[B, S\]. Received: float64"),
        (ids([[1]], attention_mask=[[True]]), "`attention_mask` must be integers.*Received: bool"),
        (ids([[1]], input_ids="a"), "`input_ids` must be integers"),
        (ids([[1]], input_ids=[[1], [2, 3]]), "`input_ids` must be integers.*rows of one length"),
        (ids([1]), r"shape \[B, S\]. Received: int64 of shape \(1,\)"),
        (ids([[[1]]]), r"shape \[B, S\]. Received: int64 of shape \(1, 1, 1\)"),
        (ids([[1] * 5]), r"S from 1 to 4. Received: shape \(1, 5\)"),
        (ids(np.zeros([2, 0], int)), r"S from 1 to 4. Received: shape \(2, 0\)"),
        (ids([[1], [2]], attention_mask=[[1]]), r"same shape. Received: input_ids \(2, 1\), attention_mask \(1, 1\)"),
    ],
)
def test_ids_that_do_not_fit_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Echo({"text": 1}, config=CONFIG).run_ids(**given)


def test_ids_of_choices_and_of_none():
    with pytest.raises(ValueError, match=r"shape \[B, C, S\]. Received: int64 of shape \(1, 1\)"):
        Echo({}, ids_rank=3).run_ids(**ids([[1]]))
    with pytest.raises(ValueError, match="takes texts: call `predict`"):
        Echo({"text": 1}, ids_rank=0).run_ids(**ids([[1]]))


@pytest.mark.parametrize(("size", "rows"), [(0, 32), (100, 32), (BYTES_AT_ONCE // 4, 4), (10**9, 1)])
def test_a_batch_of_long_texts_has_fewer_rows(size, rows):
    assert OnnxModel._rows_at_once(object.__new__(OnnxModel), size) == rows


@pytest.mark.parametrize("form", ["litert", "onnx"])
def test_a_path_may_begin_at_home(form, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model").write_bytes(b"none")
    load = getattr(tfbert.export, form).load
    with pytest.raises(ValueError, match=str(tmp_path / "model")):  # found, and no such file
        load("~/model")
