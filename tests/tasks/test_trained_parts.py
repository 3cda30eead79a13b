"""Tasks whose model is frozen, adapted or of half precision."""

import numpy as np
import pytest

from tfbert.tasks import TextClassifier
from tfbert.training import BertAdamW


@pytest.fixture
def task(tiny_folder):
    task = TextClassifier.from_pretrained(tiny_folder("classifier_single_label"))
    task.compile(BertAdamW(1e-2), run_eagerly=True)
    return task


def moved(task, texts, labels):
    """Names of the weights that a training changes."""
    before = {weight.path: weight.numpy() for weight in task.model.weights}
    task.fit(texts, labels, verbose=0)
    return {w.path for w in task.model.weights if w.path in before and not np.array_equal(before[w.path], w.numpy())}


def test_changes_of_the_model_reach_a_compiled_task(task):
    texts = ["i love the cat", "an awful movie", "good dog !"]
    labels = [task.config.id2label[number] for number in (0, 1, 0)]
    twin = task.with_options()
    assert any("embeddings" in path for path in moved(task, texts, labels))
    task.predict(texts)
    task.model.freeze()
    assert not any("embeddings" in path for path in moved(task, texts, labels))
    task.model.unfreeze()
    task.model.enable_lora(rank=2)
    learned = {path for path in moved(task, texts, labels) if "lora" not in path}
    assert learned == {f"{part}/dense/{name}" for part in ("bert/pooler", "classifier") for name in ("kernel", "bias")}
    adapter = task.model.bert.encoder.layers[0].attention.qkv
    adapter.lora_b.assign(adapter.lora_b + 0.5)
    adapted = task.predict(texts)["scores"]
    task.model.merge_lora()
    np.testing.assert_allclose(task.predict(texts)["scores"], adapted, rtol=0, atol=1e-6)
    np.testing.assert_allclose(twin.predict(texts)["scores"], adapted, rtol=0, atol=1e-6)
    assert any("embeddings" in path for path in moved(task, texts, labels))
    assert int(task.optimizer.iterations) == 4


@pytest.mark.parametrize("policy", ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.exhaustive)])
def test_half_precision_learns(policy, tiny_folder, reviews):
    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    task = TextClassifier.from_pretrained(tiny_folder("model_gelu_l2"), dtype=policy, **quiet)
    task.compile(BertAdamW(1e-2, global_clipnorm=1.0))
    losses = task.fit(*reviews, batch_size=8, epochs=8, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.7 * losses[0]
    assert type(task.optimizer).__name__ == ("LossScaleOptimizer" if policy == "mixed_float16" else "BertAdamW")
