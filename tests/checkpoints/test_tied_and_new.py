"""Tables that are tied or not, and weights that the checkpoint does not bring."""

import logging

import keras
import numpy as np
import pytest
import safetensors.numpy

from tests.checkpoints.random_models import assert_equal, random_model
from tfbert import TFBertForMaskedLM, TFBertForPreTraining, TFBertModel

NOTHING = {"missing_keys": [], "unexpected_keys": [], "mismatched_keys": []}


class TestTiedTables:
    def test_an_untied_head_takes_the_word_table(self, tmp_path):
        model = random_model(TFBertForMaskedLM)
        model.save_pretrained(tmp_path)
        untied, info = TFBertForMaskedLM.from_pretrained(tmp_path, tie_word_embeddings=False, output_loading_info=True)
        assert info == NOTHING
        np.testing.assert_array_equal(untied.predictions.decoder.numpy(), model.bert.embeddings.weight.numpy())
        np.testing.assert_array_equal(untied([[5, 6]]).logits, model([[5, 6]]).logits)

    def test_two_tables_in_a_tied_model_are_told(self, tmp_path, caplog):
        model = random_model(TFBertForMaskedLM, tie_word_embeddings=False)
        model.save_pretrained(tmp_path)
        with caplog.at_level(logging.WARNING, logger="tfbert"):
            TFBertForMaskedLM.from_pretrained(tmp_path)
        assert caplog.text == ""
        with caplog.at_level(logging.WARNING, logger="tfbert"):
            tied = TFBertForMaskedLM.from_pretrained(tmp_path, tie_word_embeddings=True)
        assert "cls.predictions.decoder.weight" in caplog.text
        assert "tie_word_embeddings=False" in caplog.text
        np.testing.assert_array_equal(tied.bert.embeddings.weight.numpy(), model.bert.embeddings.weight.numpy())
        caplog.clear()
        TFBertModel.from_pretrained(tmp_path)
        assert "decoder" not in caplog.text

    def test_two_equal_tables_are_no_news(self, tmp_path, caplog):
        model = random_model(TFBertForMaskedLM, tie_word_embeddings=False)
        model.predictions.decoder.assign(model.bert.embeddings.weight)
        model.save_pretrained(tmp_path)
        with caplog.at_level(logging.WARNING, logger="tfbert"):
            TFBertForMaskedLM.from_pretrained(tmp_path, tie_word_embeddings=True)
        assert caplog.text == ""

    def test_an_untied_heads_bias_is_the_one_that_pytorch_adds(self, tmp_path):
        random_model(TFBertForMaskedLM, tie_word_embeddings=False).save_pretrained(tmp_path)
        path = tmp_path / "model.safetensors"
        arrays = safetensors.numpy.load_file(path)
        np.testing.assert_array_equal(arrays["cls.predictions.decoder.bias"], arrays["cls.predictions.bias"])
        arrays["cls.predictions.decoder.bias"] = np.arange(30, dtype=np.float32)
        safetensors.numpy.save_file(arrays, path, metadata={"format": "pt"})
        model = TFBertForMaskedLM.from_pretrained(tmp_path)
        np.testing.assert_array_equal(model.predictions.bias.numpy(), np.arange(30))


class TestNewWeights:
    def test_missing_ones_get_their_first_values_and_no_other(self, tmp_path):
        random_model(TFBertModel).save_pretrained(tmp_path)
        model = TFBertForPreTraining.from_pretrained(tmp_path)
        kernel = model.predictions.transform.dense.kernel.numpy()
        assert 0.005 < kernel.std() < 0.05  # the initializer's 0.02
        np.testing.assert_array_equal(model.predictions.bias.numpy(), 0)
        np.testing.assert_array_equal(model.predictions.transform.norm.gamma.numpy(), 1)
        keras.utils.set_random_seed(1)
        model.compile(keras.optimizers.Adam())
        assert np.isfinite(model(np.array([[2, 5]]), training=True).prediction_logits).all()  # dropout has its seeds

    @pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16", "float16"])
    def test_other_types(self, dtype, tmp_path):
        model = random_model(TFBertModel)
        model.save_pretrained(tmp_path)
        loaded = TFBertModel.from_pretrained(tmp_path, dtype=dtype)
        for weight, source in zip(loaded.weights, model.weights):
            np.testing.assert_array_equal(
                weight.numpy().astype(np.float32), source.numpy().astype(weight.dtype).astype(np.float32)
            )

    def test_big_tables_are_assigned_in_slices(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tfbert.checkpoints.transfer.SLICE", 17)
        model = random_model(TFBertForMaskedLM, tie_word_embeddings=False)
        model.save_pretrained(tmp_path)
        assert_equal(TFBertForMaskedLM.from_pretrained(tmp_path), model)
        loaded = TFBertForMaskedLM.from_pretrained(tmp_path, dtype="bfloat16")
        np.testing.assert_array_equal(
            loaded.predictions.decoder.numpy(), model.predictions.decoder.numpy().astype("bfloat16")
        )
