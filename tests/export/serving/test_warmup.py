"""Warm-up files: read by TF Serving's own class, damaged ones refused."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tfbert.export.serving.examples import to_examples
from tfbert.export.serving.warmup import WARMUP_FILE, read_warmup, warmup_request, write_warmup
from tfbert.wire.messages import message
from tfbert.wire.tensor_proto import to_tensor_proto


def predict_record(*texts):
    record = message("PredictionLog")()
    record.predict_log.request.model_spec.signature_name = "tokenize"
    to_tensor_proto(np.array(texts, object), record.predict_log.request.inputs["text"])
    return record


def classify_record(**columns):
    record = message("PredictionLog")()
    record.classify_log.request.model_spec.signature_name = "classify"
    for example in to_examples(columns):
        record.classify_log.request.input.example_list.examples.add().ParseFromString(example)
    return record


def test_records_come_back_and_are_those_of_the_official_class(tmp_path):
    records = [predict_record("a", "é 北😀", ""), classify_record(text=["a", b"\xff"], text_pair=["b", "c"])]
    write_warmup(tmp_path, records)
    assert read_warmup(tmp_path) == records
    serialized = list(tf.data.TFRecordDataset(str(tmp_path / WARMUP_FILE)).as_numpy_iterator())
    theirs = [prediction_log_pb2.PredictionLog.FromString(record) for record in serialized]
    assert theirs[0].predict_log.request.inputs["text"].string_val[1] == "é 北😀".encode()
    features = theirs[1].classify_log.request.input.example_list.examples[1].features.feature
    assert features["text"].bytes_list.value[0] == b"\xff"


def test_a_record_says_what_it_asks():
    name, inputs = warmup_request(predict_record("a", "b"))
    assert (name, inputs["text"].tolist()) == ("tokenize", [b"a", b"b"])
    name, inputs = warmup_request(classify_record(text=["é"]))
    parsed = tf.io.parse_example(inputs["inputs"], {"text": tf.io.FixedLenFeature([], tf.string)})
    assert (name, parsed["text"].numpy().tolist()) == ("classify", ["é".encode()])
    record = predict_record("a")
    record.predict_log.request.model_spec.signature_name = ""
    assert warmup_request(record)[0] == "serving_default"


def test_other_kinds_of_records_are_refused():
    record = message("PredictionLog")()
    record.session_run_log.SetInParent()
    with pytest.raises(ValueError, match=r"predict, classify or regress\. Received: session_run_log"):
        warmup_request(record)


def test_no_more_records_than_servers_take(tmp_path):
    record = predict_record("a")
    with pytest.raises(ValueError, match="at most 1000"):
        write_warmup(tmp_path, [record] * 1001)
    assert read_warmup(tmp_path) == []
    with tf.io.TFRecordWriter(str(tmp_path / "records")) as writer:
        for _ in range(1001):
            writer.write(record.SerializeToString())
    (tmp_path / WARMUP_FILE).parent.mkdir()
    (tmp_path / "records").rename(tmp_path / WARMUP_FILE)
    with pytest.raises(ValueError, match="more than 1000"):
        read_warmup(tmp_path)


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-3], lambda content: b"x" + content[1:], lambda content: content + b"x" * 20]
)
def test_damaged_files_are_refused(tmp_path, damage):
    write_warmup(tmp_path, [predict_record("a")])
    path = tmp_path / WARMUP_FILE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="is damaged"):
        read_warmup(tmp_path)


def test_records_of_another_message_are_refused(tmp_path):
    (tmp_path / WARMUP_FILE).parent.mkdir()
    with tf.io.TFRecordWriter(str(tmp_path / WARMUP_FILE)) as writer:
        writer.write(b"\xff\xff")
    with pytest.raises(ValueError, match="is damaged"):
        read_warmup(tmp_path)
