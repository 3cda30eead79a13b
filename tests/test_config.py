import copy
import json
import pickle

import pytest

from tfbert import BertConfig


def test_defaults_are_those_of_bert_base():
    config = BertConfig()
    assert (config.hidden_size, config.num_hidden_layers, config.vocab_size) == (768, 12, 30522)
    assert config.hidden_act == "gelu"
    assert config.layer_norm_eps == 1e-12
    assert config.num_labels == 2


@pytest.mark.parametrize(
    "given",
    [
        {"num_labels": 3},
        {"id2label": {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}},
        {"id2label": {"0": "LABEL_0", "2": "LABEL_2", "1": "LABEL_1"}},
        {"label2id": {"LABEL_1": 1, "LABEL_0": 0, "LABEL_2": 2}},
    ],
)
def test_label_fields_agree_whichever_is_given(given):
    config = BertConfig(**given)
    assert config.num_labels == 3
    assert config.id2label == {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}
    assert config.label2id == {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hidden_size": 30, "num_attention_heads": 4}, "multiple of `num_attention_heads`"),
        ({"hidden_size": 0}, "`hidden_size`"),
        ({"num_hidden_layers": -1}, "`num_hidden_layers`"),
        ({"vocab_size": "many"}, "`vocab_size`"),
        ({"hidden_dropout_prob": 1.0}, "`hidden_dropout_prob`"),
        ({"classifier_dropout": -0.1}, "`classifier_dropout`"),
        ({"layer_norm_eps": 0}, "`layer_norm_eps`"),
        ({"layer_norm_eps": "1e-12"}, "`layer_norm_eps`"),
        ({"id2label": {"a": "b"}}, "`id2label` must be a dict"),
        ({"id2label": ["a", "b"]}, "`id2label` must be a dict"),
        ({"problem_type": "guess"}, "`problem_type`"),
        ({"position_embedding_type": "rotary"}, "`position_embedding_type`"),
        ({"num_labels": 3, "id2label": {0: "a", 1: "b"}}, "`num_labels` must equal"),
        ({"id2label": {0: "a", 2: "b"}}, "without gaps"),
        ({"id2label": {0: "a", 1: "a"}}, "two classes alike"),
        ({"id2label": {0: "a"}, "label2id": {"b": 0}}, "inverse"),
        ({"num_labels": 0}, "`num_labels`"),
    ],
)
def test_contradictions_are_refused_at_construction(given, message):
    with pytest.raises(ValueError, match=message):
        BertConfig(**given)


def test_unknown_keys_are_kept_and_written_back(tmp_path):
    written = {"model_type": "bert", "hidden_size": 24, "num_attention_heads": 2, "torch_dtype": "float32", "new": [1]}
    (tmp_path / "config.json").write_text(json.dumps(written))
    config = BertConfig.from_pretrained(tmp_path)
    assert config.extra == {"torch_dtype": "float32", "new": [1]}
    config.save_pretrained(tmp_path / "again")
    again = json.loads((tmp_path / "again" / "config.json").read_text())
    assert written.items() <= again.items()
    assert BertConfig.from_pretrained(tmp_path / "again") == config


def test_constructor_takes_a_whole_config_file(tmp_path):
    BertConfig(num_labels=3, torch_dtype="float32", note={"a": [1]}).save_pretrained(tmp_path)
    config = BertConfig(**json.loads((tmp_path / "config.json").read_text()))
    assert config == BertConfig.from_pretrained(tmp_path)
    assert config.torch_dtype == "float32"
    assert config.note == {"a": [1]}
    assert copy.deepcopy(config) == config == pickle.loads(pickle.dumps(config))
    with pytest.raises(AttributeError, match="no field 'bfloat'"):
        _ = config.bfloat
    with pytest.raises(ValueError, match="roberta"):
        BertConfig(model_type="roberta")


def test_replace_renames_labels_and_keeps_the_rest():
    config = BertConfig(hidden_size=24, num_attention_heads=2, extra={"a": 1})
    changed = config.replace(id2label={0: "no", 1: "yes", 2: "maybe"}, b=2)
    assert changed.num_labels == 3
    assert changed.label2id == {"no": 0, "yes": 1, "maybe": 2}
    assert changed.extra == {"a": 1, "b": 2}
    assert changed.hidden_size == 24
    assert config.num_labels == 2


def test_replace_with_the_same_count_keeps_names():
    config = BertConfig(id2label={0: "no", 1: "yes"})
    assert config.replace(num_labels=2).id2label == {0: "no", 1: "yes"}


def test_config_of_another_architecture_is_refused():
    with pytest.raises(ValueError, match="roberta"):
        BertConfig.from_dict({"model_type": "roberta"})


@pytest.mark.parametrize(("content", "message"), [("{", "not valid JSON"), ("[]", "JSON dict")])
def test_broken_config_file_is_named(tmp_path, content, message):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        BertConfig.from_pretrained(tmp_path)


def test_missing_config_file_says_what_a_checkpoint_holds(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        BertConfig.from_pretrained(tmp_path)
