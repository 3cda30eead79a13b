"""Our own files as checkpoints: `.keras` archives and the variables of exported SavedModels."""

import json
import shutil
import zipfile

import keras
import numpy as np
import pytest

import tfbert
from tests.checkpoints.random_models import CONFIG, MODELS
from tests.checkpoints.stored import assert_holds
from tfbert import TFBertForSequenceClassification
from tfbert.checkpoints.formats.keras_archive import open_keras_archive
from tfbert.checkpoints.formats.saved_model_variables import open_saved_model
from tfbert.checkpoints.names.weight_names import rows_of
from tfbert.layers import FastBertTokenizer
from tfbert.tasks import TextClassifier, TextEmbedder

FIELDS = {"plain": {}, "decoder": {"is_decoder": True, "add_cross_attention": True}}
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"]


def arrays_of(model):
    """The weights in PyTorch's layout, and in the type that the variables have."""
    arrays = {}
    for row, variable in rows_of(model, CONFIG.num_hidden_layers):
        arrays.update(zip(row.names(), row.turn.to_checkpoint(variable.numpy())))
    return arrays


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def classifier(request, tmp_path_factory):
    """A task with an optimizer's state, and the folder of its export."""
    keras.utils.set_random_seed(1)
    model = TFBertForSequenceClassification(CONFIG, dtype=request.param)
    task = TextClassifier(model, FastBertTokenizer(TOKENS, max_length=12))
    task.compile(keras.optimizers.Adam(1e-3))
    task.optimizer.build(task.trainable_variables)
    return task, task.export(tmp_path_factory.mktemp("exported") / "1")


class TestKerasArchive:
    @pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
    @pytest.mark.parametrize("name", MODELS)
    def test_every_model(self, name, fields, tmp_path):
        model = getattr(tfbert, name)(CONFIG.replace(**fields))
        model.save(tmp_path / "model.keras")
        assert_holds(open_keras_archive(tmp_path / "model.keras"), arrays_of(model))

    def test_task(self, classifier, tmp_path):
        classifier[0].save(tmp_path / "task.keras")
        assert_holds(open_keras_archive(tmp_path / "task.keras"), arrays_of(classifier[0].model))

    def test_truncated(self, tmp_path):
        (tmp_path / "model.keras").write_bytes(b"PK\3\4 half an archive")
        with pytest.raises(ValueError, match=r"model\.keras' is truncated or no \.keras archive"):
            open_keras_archive(tmp_path / "model.keras")

    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"model\.keras"):
            open_keras_archive(tmp_path / "model.keras")

    def test_without_config(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
            archive.writestr("model.weights.h5", b"")
        with pytest.raises(ValueError, match=r"config\.json"):
            open_keras_archive(tmp_path / "model.keras")

    def test_another_model(self, tmp_path):
        keras.Sequential([keras.Input([2]), keras.layers.Dense(2)]).save(tmp_path / "model.keras")
        with pytest.raises(ValueError, match="holds no model or task of tfbert but a Sequential"):
            open_keras_archive(tmp_path / "model.keras")

    def test_modules_of_strangers_are_not_imported(self, tmp_path):
        (tmp_path / "model.keras").touch()
        layer = {"module": "antigravity", "class_name": "Layer", "config": {}, "registered_name": "Layer"}
        config = {"module": "keras", "class_name": "Sequential", "config": {"layers": [layer]}}
        with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
            archive.writestr("config.json", json.dumps(config))
        with pytest.raises(ValueError, match="names the module 'antigravity'"):
            open_keras_archive(tmp_path / "model.keras")


class TestSavedModel:
    def test_task(self, classifier):
        task, folder = classifier
        assert_holds(open_saved_model(folder), arrays_of(task.model))

    def test_it_brings_its_config(self, classifier):
        task, folder = classifier
        again = type(task.model).from_pretrained(folder)
        assert again.config == task.config
        for ours, theirs in zip(again.get_weights(), task.model.get_weights()):
            np.testing.assert_array_equal(ours, theirs)

    def test_task_on_the_bare_model(self, tmp_path):
        task = TextEmbedder(tfbert.TFBertModel(CONFIG), FastBertTokenizer(TOKENS, max_length=12))
        task.export(tmp_path / "1")
        assert_holds(open_saved_model(tmp_path / "1"), arrays_of(task.model))

    def test_values_are_read_when_they_are_asked_for(self, classifier, tmp_path):
        folder = shutil.copytree(classifier[1], tmp_path / "1")
        tensors = open_saved_model(folder)
        (folder / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(10))
        with pytest.raises(ValueError, match="is broken"):
            tensors["classifier.weight"].load()

    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"there is no saved_model\.pb"):
            open_saved_model(tmp_path)

    def test_without_variables(self, classifier, tmp_path):
        folder = shutil.copytree(classifier[1], tmp_path / "1")
        shutil.rmtree(folder / "variables")
        with pytest.raises(FileNotFoundError, match=r"no variables\.index"):
            open_saved_model(folder)

    def test_another_model(self, tmp_path):
        keras.Sequential([keras.Input([2]), keras.layers.Dense(2)]).export(tmp_path / "1", verbose=False)
        with pytest.raises(ValueError, match="holds no weight of BERT"):
            open_saved_model(tmp_path / "1")
