"""The tokenizer where it is used: data pipelines, Keras models, SavedModels, LiteRT, threads; and very large input."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_text.core.pybinds import tflite_registrar

from tfbert.layers import FastBertTokenizer

TEXTS = ["I love the unaffable cat!", "Café déjà vu 北京 [MASK]", "", "zzz", "é" * 101, b"the \xff cat"]
IN_A_NEW_PROCESS = """
import sys, tensorflow as tf, tensorflow_text
tokenize = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
assert "tfbert" not in sys.modules
print(tokenize(text=tf.constant(["the [MASK] cat", "é" * 101]))["input_ids"].numpy().tolist())
"""


@pytest.fixture(scope="module")
def tokenizer(request):
    vocabulary = request.getfixturevalue("vocabulary_once")
    return FastBertTokenizer(vocabulary)


@pytest.fixture(scope="module")
def vocabulary_once():
    words = ["i", "love", "the", "un", "##aff", "##able", "cat", "!", "cafe", "deja", "vu", "北", "京"]
    words += ["z", "##z", "e", "##e"]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]


def assert_same(got, expected):
    assert set(got) == set(expected)
    for name, tensor in expected.items():
        np.testing.assert_array_equal(got[name], tensor, err_msg=name)


OPTIONS = [
    {},
    {"return_offsets": True, "return_special_tokens_mask": True, "return_length": True},
    {"return_overflowing_tokens": True, "max_length": 5, "stride": 1, "padding_side": "left"},
    {"padding": "max_length", "max_length": 9, "truncation_side": "left"},
    {"buckets": [4, 16]},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_everywhere_the_same(tokenizer, options):
    expected = tokenizer(TEXTS, **options)
    traced = tf.function(lambda text: tokenizer(text, **options), input_signature=[tf.TensorSpec([None], tf.string)])
    assert_same(traced(tf.constant(TEXTS)), expected)
    dataset = tf.data.Dataset.from_tensors(tf.constant(TEXTS)).map(lambda text: tokenizer(text, **options))
    assert_same(next(iter(dataset)), expected)
    text = keras.Input((), dtype="string")
    # Keras takes a layer that is called symbolically twice for one with the same outputs both times.
    outputs = FastBertTokenizer.from_config(tokenizer.get_config())(text, **options)
    for name, symbolic in outputs.items():
        assert all(
            known in (None, length) for known, length in zip(symbolic.shape, expected[name].shape, strict=True)
        ), name
    assert_same(keras.Model(text, outputs)(tf.constant(TEXTS)), expected)


def test_parallel_map_and_threads_agree(tokenizer):
    texts = [f"the cat {'z' * (i % 7)} {'[MASK]' if i % 5 == 0 else ''}" for i in range(400)]
    expected = [tokenizer([text])["input_ids"].numpy().tolist() for text in texts]
    dataset = tf.data.Dataset.from_tensor_slices(texts).batch(1).map(tokenizer, num_parallel_calls=4)
    assert [batch["input_ids"].numpy().tolist() for batch in dataset] == expected
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: tokenizer([text])["input_ids"].numpy().tolist(), texts)) == expected


@pytest.mark.slow
def test_saved_model_runs_without_tfbert(tokenizer, tmp_path):
    module = tf.Module()
    module.tokenize = tf.function(
        lambda text: tokenizer(text), input_signature=[tf.TensorSpec([None], tf.string, "text")]
    )
    tf.saved_model.save(module, str(tmp_path), signatures=module.tokenize)
    done = subprocess.run(
        [sys.executable, "-c", IN_A_NEW_PROCESS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    expected = tokenizer(["the [MASK] cat", "é" * 101])["input_ids"].numpy().tolist()
    assert done.stdout.strip() == str(expected)
    assert expected[0] == [2, 7, 4, 11, 3]


def test_older_ops_agree_on_plain_text_and_are_saved_with_their_table(vocabulary_once, tokenizer, tmp_path):
    older = FastBertTokenizer(vocabulary_once, use_fast_bert_tokenizer=False)
    texts = ["I love the unaffable cat!", "Café déjà vu 北京 [MASK] the", "", "zzz q"]
    assert_same(older(texts), tokenizer(texts))
    text = keras.Input((), dtype="string", name="text")
    keras.Model(text, older(text)).export(tmp_path / "model", verbose=False)
    again = tf.saved_model.load(str(tmp_path / "model")).serve(tf.constant(texts))
    assert_same(again, older(texts))
    twin = FastBertTokenizer.from_config(older.get_config())
    assert not twin.use_fast_bert_tokenizer
    assert_same(twin(texts), older(texts))


@pytest.mark.parametrize(
    "options",
    [
        {"strip_accents": False},
        {"tokenize_chinese_chars": False},
        {"clean_text": False},
        {"added_tokens": ["word"]},
    ],
    ids=str,
)
def test_older_ops_refuse_what_they_cannot_follow(vocabulary_once, options):
    with pytest.raises(ValueError, match=next(iter(options))):
        FastBertTokenizer(vocabulary_once, use_fast_bert_tokenizer=False, **options)(["a"])
    with pytest.raises(ValueError, match="use_fast_bert_tokenizer=True"):
        FastBertTokenizer(vocabulary_once, use_fast_bert_tokenizer=False).tokenize_with_offsets(["a"])


def in_litert(tokenizer, pairs, folder):
    """The tokenizer as a function that LiteRT's interpreter runs."""
    from ai_edge_litert.interpreter import InterpreterWithCustomOps

    module = tf.Module()
    names = ["text", "text_pair"][: 2 if pairs else 1]
    signature = [tf.TensorSpec([None], tf.string, name) for name in names]
    module.tokenize = tf.function(lambda *texts: tokenizer(*texts), input_signature=signature)
    tf.saved_model.save(module, str(folder), signatures=module.tokenize)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    converter.allow_custom_ops = True
    interpreter = InterpreterWithCustomOps(
        model_content=converter.convert(), custom_op_registerers=list(tflite_registrar.SELECT_TFTEXT_OPS)
    )
    runner = interpreter.get_signature_runner()
    return lambda *texts: runner(**{name: np.array(column) for name, column in zip(names, texts)})


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("options", [{}, {"padding": "max_length", "max_length": 9}, {"padding_side": "left"}], ids=str)
def test_litert_gives_the_same_ids_but_for_special_tokens_in_a_text(vocabulary_once, tmp_path, pairs, options):
    tokenizer = FastBertTokenizer(vocabulary_once, **options)
    converted = in_litert(tokenizer.for_litert(), pairs, tmp_path)
    texts = [text for text in TEXTS if b"[MASK]" not in (text if isinstance(text, bytes) else text.encode())]
    texts = [text if isinstance(text, str) else "the \ufffd cat" for text in texts]
    columns = [texts, texts[::-1]] if pairs else [texts]
    assert_same(converted(*columns), tokenizer(*columns))
    plain = FastBertTokenizer(vocabulary_once, split_special_tokens=True, **options)
    columns = [["the [MASK]", "z"]] * len(columns)
    assert_same(converted(*columns), plain(*columns))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"added_tokens": ["<e>"]}, r"added_tokens.*<e>"),
        ({"never_split": ["a.b"]}, r"never_split.*a\.b"),
        ({"truncation": "only_first"}, "`truncation`='only_first'"),
        ({"truncation": False}, "`truncation`=False"),
        ({"padding": "do_not_pad"}, "`padding`"),
        ({"buckets": [8]}, "`buckets`"),
        ({"return_offsets": True}, "`return_offsets`"),
        ({"return_overflowing_tokens": True}, "`return_overflowing_tokens`"),
        ({"use_fast_bert_tokenizer": False}, "use_fast_bert_tokenizer=True"),
    ],
)
def test_what_litert_cannot_run_is_refused(vocabulary_once, options, message):
    with pytest.raises(ValueError, match=message):
        FastBertTokenizer(vocabulary_once, **options).for_litert()(["a"])


def test_ten_megabytes_and_a_hundred_thousand_texts(tokenizer):
    megabytes = "the cat! " * 1_200_000
    ids = tokenizer.tokenize([megabytes, "z"])
    assert ids.row_lengths().numpy().tolist() == [3_600_000, 1]
    assert tokenizer([megabytes])["input_ids"].shape == (1, 512)
    assert tokenizer.tokenize(["z" * 10_000_000]).to_list() == [[1]]
    rows = tokenizer(["the cat", ""] * 50_000)["attention_mask"].numpy().sum(axis=1)
    assert rows.reshape(-1, 2).tolist() == [[4, 2]] * 50_000


@pytest.mark.parametrize("options", OPTIONS[:3], ids=str)
def test_an_empty_batch_has_no_rows(tokenizer, options):
    for name, tensor in tokenizer(tf.constant([], tf.string), **options).items():
        assert tensor.shape[0] == 0, name
    assert [row.shape[0] for row in tokenizer.tokenize_with_offsets(tf.constant([], tf.string))] == [0, 0, 0]
