"""Sharded checkpoints, as transformers wrote them and broken in every way."""

import json
import shutil

import numpy as np
import pytest

from tests.conftest import FIXTURES
from tfbert.checkpoints.formats.safetensors_file import open_safetensors
from tfbert.checkpoints.formats.safetensors_writer import write_safetensors
from tfbert.checkpoints.formats.sharded_index import open_shards
from tfbert.checkpoints.formats.torch_file import open_torch_file

FOLDER = FIXTURES / "torch_files"
INDEX = "model.safetensors.index.json"
SECOND = "model-00002-of-00002.safetensors"


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "model"
    shutil.copytree(FOLDER / "sharded_safetensors", target)
    return target


def rewrite(folder, change):
    """Replace the index by `change(index)`."""
    content = change(json.loads((folder / INDEX).read_text()))
    (folder / INDEX).write_text(json.dumps(content))


def move_to(folder, shard, name="pooler.dense.bias"):
    """Have the index put one tensor into another file."""
    rewrite(folder, lambda index: {**index, "weight_map": {**index["weight_map"], name: str(shard)}})


def test_both_formats_of_one_model_are_equal():
    torch = open_shards(FOLDER / "sharded_bin" / "pytorch_model.bin.index.json", open_torch_file)
    safe = open_shards(FOLDER / "sharded_safetensors" / INDEX, open_safetensors)
    assert set(torch) == set(safe)
    assert {stored.source.rpartition("-")[2] for stored in torch.values()} == {"00002.bin"}
    assert len({stored.source for stored in torch.values()}) == 2
    for name, stored in torch.items():
        np.testing.assert_array_equal(stored.load(), safe[name].load(), err_msg=name)


def test_what_we_write_is_read(tmp_path):
    tensors = {f"w{index}": np.full(3, index, np.float32) for index in range(7)}
    write_safetensors(tensors, tmp_path, max_shard_size=24)
    read = open_shards(tmp_path / INDEX, open_safetensors)
    assert {name: stored.load().tolist() for name, stored in read.items()} == {
        name: array.tolist() for name, array in tensors.items()
    }


def test_names_may_differ_between_index_and_shard(folder):
    rewrite(folder, lambda index: {"weight_map": {f"tf/{key}": file for key, file in index["weight_map"].items()}})
    tensors = open_shards(folder / INDEX, open_safetensors, lambda name: name.removeprefix("tf/"))
    assert set(tensors) == set(open_shards(FOLDER / "sharded_safetensors" / INDEX, open_safetensors))


def test_each_tensor_comes_from_the_file_that_the_index_names(folder):
    first, second = sorted(folder.glob("*.safetensors"))
    name = next(iter(open_safetensors(second)))
    more = {**{key: stored.load() for key, stored in open_safetensors(first).items()}, name: np.zeros(1)}
    (path,) = write_safetensors(more, folder, name="extra")
    path.replace(first)
    assert open_shards(folder / INDEX, open_safetensors)[name].source == str(second)


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"weight_map": {}}', '{"weight_map": []}', '{"weight_map": {"a": 1}}', "{"]
)
def test_index_that_is_none_is_named(folder, content):
    (folder / INDEX).write_text(content)
    with pytest.raises(ValueError, match=r"model\.safetensors\.index\.json"):
        open_shards(folder / INDEX, open_safetensors)


def test_missing_index_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=INDEX):
        open_shards(tmp_path / INDEX, open_safetensors)


def refuse_to_open(path):
    raise AssertionError(f"opened {path}")


def test_path_outside_the_folder_is_refused(folder, tmp_path):
    outside = tmp_path / SECOND
    shutil.copy(folder / SECOND, outside)
    (folder / "link.safetensors").symlink_to(outside)
    for shard in (f"../{SECOND}", outside, "link.safetensors", f"x/../../{SECOND}"):
        move_to(folder, shard)
        with pytest.raises(ValueError, match=r"puts tensor 'pooler\.dense\.bias' into a file outside its folder"):
            open_shards(folder / INDEX, refuse_to_open)


def test_cache_of_links_is_read(folder, tmp_path):
    """The cache of huggingface_hub: a folder of links to files that have their hashes as names."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "main"
    folder.rename(blobs)
    snapshot.mkdir(parents=True)
    for number, path in enumerate(sorted(blobs.iterdir())):
        path.rename(blobs / f"blob{number}")
        (snapshot / path.name).symlink_to(f"../../blobs/blob{number}")
    assert len(open_shards(snapshot / INDEX, open_safetensors)) == 23


def test_missing_shard_is_named(folder):
    (folder / SECOND).unlink()
    with pytest.raises(FileNotFoundError, match=rf"'{SECOND}'.*puts tensor '\S+' into it"):
        open_shards(folder / INDEX, refuse_to_open)


@pytest.mark.parametrize("shard", ["", "."])
def test_folder_is_no_shard(folder, shard):
    move_to(folder, shard)
    with pytest.raises(FileNotFoundError, match="puts tensor"):
        open_shards(folder / INDEX, refuse_to_open)


def test_half_a_shard_is_named(folder):
    tensors = {name: stored.load() for name, stored in open_safetensors(folder / SECOND).items()}
    tensors.pop("pooler.dense.weight")
    (path,) = write_safetensors(tensors, folder, name="half")
    path.replace(folder / SECOND)
    with pytest.raises(ValueError, match=rf"{SECOND}' lacks 1 of the \d+ .*{INDEX}.*pooler\.dense\.weight"):
        open_shards(folder / INDEX, open_safetensors)
    content = (FOLDER / "sharded_safetensors" / SECOND).read_bytes()
    (folder / SECOND).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=rf"{SECOND}.*truncated"):
        open_shards(folder / INDEX, open_safetensors)
