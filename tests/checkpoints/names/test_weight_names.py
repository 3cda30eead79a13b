import numpy as np
import pytest

import tfbert
from tfbert import BertConfig
from tfbert.checkpoints.names.weight_dialects import torch_name
from tfbert.checkpoints.names.weight_names import TIED, canonical_names, may_be_new, rows_of
from tfbert.checkpoints.names.weight_table import TABLE

SIZES = {
    "vocab_size": 30,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "num_labels": 3,
}
MODELS = [name for name in tfbert.__all__ if name.startswith("TFBert") and not name.endswith("Tokenizer")]
VARIANTS = {
    "plain": {},
    "relative positions": {"position_embedding_type": "relative_key"},
    "decoder": {"is_decoder": True, "add_cross_attention": True},
    "relative decoder": {"is_decoder": True, "add_cross_attention": True, "position_embedding_type": "relative_key"},
    "untied": {"tie_word_embeddings": False},
}
# What a dialect has no name for.
LACKED = {
    "tf": ("distance_embedding", "decoder"),
    "tf1": ("distance_embedding", "decoder", "crossattention"),
    "tf2": ("distance_embedding", "crossattention", "cls.", "classifier", "qa_outputs"),
}


def assert_covered_once(model):
    rows = list(rows_of(model, SIZES["num_hidden_layers"]))
    assert sorted(id(variable) for _, variable in rows) == sorted(id(weight) for weight in model.weights)
    names = [name for row, _ in rows for name in row.names()]
    assert len(names) == len(set(names))
    # A SavedModel knows variables by their paths alone.
    assert [row.variable_path for row, _ in rows] == [variable.path for _, variable in rows]


@pytest.mark.parametrize("fields", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("name", MODELS)
def test_table_names_every_weight_of_every_model_exactly_once(name, fields):
    assert_covered_once(getattr(tfbert, name)(BertConfig(**SIZES, **fields)))


def test_table_names_every_weight_of_a_model_without_pooler():
    assert_covered_once(tfbert.TFBertModel(BertConfig(**SIZES), add_pooling_layer=False))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.path)
def test_every_row_turns_there_and_back(row):
    rng = np.random.default_rng(0)
    variable = rng.normal(size=(6,) if row.path.endswith(("bias", "gamma", "beta")) else (4, 6))
    parts = row.turn.to_checkpoint(variable)
    assert len(parts) == len(row.names())
    np.testing.assert_array_equal(row.turn.to_variable(parts), variable)


@pytest.mark.parametrize("dialect", LACKED)
class TestDialects:
    def test_names_are_unique_and_read_back(self, dialect):
        filled = {row.at_layer(index) for row in TABLE for index in (0, 1, 11)}
        names = [name for row in filled for name in row.names(dialect)]
        assert len(names) == len(set(names))
        for row in filled:
            assert [torch_name(name, dialect) for name in row.names(dialect)] in ([], row.names())

    def test_every_row_is_named_but_those_that_the_format_cannot_hold(self, dialect):
        unnamed = [row.checkpoint for row in TABLE if not row.names(dialect)]
        assert unnamed == [row.checkpoint for row in TABLE if any(part in row.checkpoint for part in LACKED[dialect])]

    @pytest.mark.parametrize("name", ["", "bert", "bert/encoder/layer_x/output/dense/kernel", "optimizer/kernel"])
    def test_other_names_mean_nothing(self, dialect, name):
        assert torch_name(name, dialect) is None


def test_names_with_and_without_prefix_and_of_old_layer_norm_mean_the_same():
    bare = ["embeddings.LayerNorm.gamma", "encoder.layer.0.attention.output.LayerNorm.beta", "pooler.dense.bias"]
    expected = [
        "bert.embeddings.LayerNorm.weight",
        "bert.encoder.layer.0.attention.output.LayerNorm.bias",
        "bert.pooler.dense.bias",
    ]
    for prefix in ("", "bert.", "module.", "model.bert.", "module.model."):
        assert list(canonical_names([f"{prefix}{name}" for name in bare]).values()) == expected


def test_wrappers_are_kept_where_a_name_is_a_models_own():
    names = ["bert.pooler.dense.bias", "model.pooler.dense.bias"]
    assert list(canonical_names(names).values()) == names


def test_names_without_any_known_root_are_kept():
    assert canonical_names(["model.layers.0.weight"]) == {"model.layers.0.weight": "model.layers.0.weight"}
    assert canonical_names([]) == {}


def test_bias_of_the_decoder_stands_in_for_the_one_it_is_an_alias_of():
    alias, bias = "cls.predictions.decoder.bias", "cls.predictions.bias"
    assert canonical_names([alias]) == {alias: bias}
    assert canonical_names([alias, bias]) == {alias: alias, bias: bias}


def test_one_weight_under_two_names_is_refused():
    with pytest.raises(ValueError, match="under two names"):
        canonical_names(["bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight"])


@pytest.mark.parametrize(
    ("missing", "found", "allowed"),
    [
        ("bert.pooler.dense.bias", ["bert.embeddings.LayerNorm.bias"], True),
        ("bert.pooler.dense.bias", ["bert.pooler.dense.weight"], False),
        ("qa_outputs.weight", ["classifier.weight"], True),
        ("cls.seq_relationship.bias", ["cls.predictions.bias"], True),
        ("cls.predictions.transform.dense.bias", ["cls.predictions.bias"], False),
        ("bert.encoder.layer.1.crossattention.self.key.bias", ["bert.pooler.dense.bias"], True),
        (
            "bert.encoder.layer.1.crossattention.self.key.bias",
            ["bert.encoder.layer.0.crossattention.self.key.bias"],
            False,
        ),
        ("bert.encoder.layer.1.output.dense.bias", [], False),
    ],
)
def test_only_a_part_that_lacks_as_a_whole_may_be_new(missing, found, allowed):
    assert may_be_new(missing, found) is allowed


def test_tied_weights_are_rows_of_the_table():
    names = {name for row in TABLE for name in row.names()}
    assert set(TIED) | set(TIED.values()) <= names
