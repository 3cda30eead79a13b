import numpy as np
import pytest

from tfbert import BertConfig, TFBertForSequenceClassification, TFBertModel
from tfbert.checkpoints.weight_names import TABLE, canonical_names, rows_of

CONFIG = BertConfig(
    vocab_size=30, hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=24, num_labels=3
)
MODELS = {
    "bare": TFBertModel(CONFIG),
    "without pooler": TFBertModel(CONFIG, add_pooling_layer=False),
    "classifier": TFBertForSequenceClassification(CONFIG),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_table_names_every_weight_exactly_once(model):
    named = [variable.path for _, variable in rows_of(model, CONFIG.num_hidden_layers)]
    assert sorted(named) == sorted(weight.path for weight in model.weights)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.checkpoint)
def test_every_row_turns_there_and_back(row):
    rng = np.random.default_rng(0)
    variable = rng.normal(size=(6,) if row.path.endswith(("bias", "gamma", "beta")) else (4, 6))
    parts = row.turn.to_checkpoint(variable)
    assert len(parts) == len(row.names())
    np.testing.assert_array_equal(row.turn.to_variable(parts), variable)


def test_names_with_and_without_prefix_and_of_old_layer_norm_mean_the_same():
    bare = ["embeddings.LayerNorm.gamma", "encoder.layer.0.attention.output.LayerNorm.beta", "pooler.dense.bias"]
    expected = [
        "bert.embeddings.LayerNorm.weight",
        "bert.encoder.layer.0.attention.output.LayerNorm.bias",
        "bert.pooler.dense.bias",
    ]
    assert list(canonical_names(bare).values()) == expected
    assert list(canonical_names([f"bert.{name}" for name in bare]).values()) == expected


def test_one_weight_under_two_names_is_refused():
    with pytest.raises(ValueError, match="under two names"):
        canonical_names(["bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight"])
