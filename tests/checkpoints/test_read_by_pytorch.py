"""What PyTorch read of the folders that tfbert writes: transformers 4 and 5, see fixtures/make_saved_by_tfbert.py."""

import json

import numpy as np
import pytest

import tfbert
from tests.checkpoints.random_models import MODELS
from tests.conftest import FIXTURES

SAVED = FIXTURES / "saved_by_tfbert"


@pytest.mark.parametrize("folder", sorted(path.name for path in SAVED.iterdir()))
def test_pytorch_reads_what_we_write(folder, tmp_path):
    """The committed folders were written by tfbert; both versions of transformers recorded what they computed."""
    committed = SAVED / folder
    (architecture,) = json.loads((committed / "config.json").read_text())["architectures"]
    model = getattr(tfbert, f"TF{architecture}").from_pretrained(committed, execution="padded")
    model.save_pretrained(tmp_path, "4KB" if "shards" in folder else "5GB")
    written = [path.name for path in committed.iterdir() if path.suffix != ".npz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(written)
    for name in written:
        assert (tmp_path / name).read_bytes() == (committed / name).read_bytes(), f"{name} is written differently now"
    for version in (4, 5):
        with np.load(committed / f"transformers_{version}.npz") as stored:
            output = model(under(stored, "input_"))
            for name, expected in under(stored, "output_").items():
                np.testing.assert_allclose(output[name], expected, atol=1e-5, err_msg=name)


def under(stored, start):
    """The arrays whose names begin so, without that beginning."""
    return {name.removeprefix(start): stored[name] for name in stored if name.startswith(start)}


def test_every_model_is_among_those_that_pytorch_read():
    read = {json.loads((path / "config.json").read_text())["architectures"][0] for path in SAVED.iterdir()}
    assert read == {name.removeprefix("TF") for name in MODELS}
