"""safetensors files: what the reader gives, what the writer leaves on the disk."""

import json
import os
import stat
import tracemalloc

import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy

from tests.conftest import FIXTURES
from tfbert.checkpoints.formats.safetensors_file import open_safetensors, read_format
from tfbert.checkpoints.formats.safetensors_header import DTYPES
from tfbert.checkpoints.formats.safetensors_writer import write_safetensors
from tfbert.checkpoints.formats.torch_file import open_torch_file
from tfbert.checkpoints.stored_tensor import StoredTensor

ARRAYS = {
    **{f"of {dtype}": np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype) for dtype in DTYPES.values()},
    "scalar": np.float32(2.5).reshape(()),
    "empty": np.zeros((0, 3), np.float32),
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "big-endian": np.arange(3, dtype=">f4"),
    'Größe "a"\\': np.arange(2, dtype=np.int8),
}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read_by_us_and_by_others(tmp_path):
    (path,) = write_safetensors(ARRAYS, tmp_path)
    ours, theirs = open_safetensors(path), safetensors.numpy.load_file(path)
    assert set(ours) == set(theirs) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert (ours[name].shape, ours[name].dtype) == (array.shape, array.dtype.name)
        for read in (ours[name].load(), theirs[name]):
            assert read.dtype == array.dtype.newbyteorder("=")
            np.testing.assert_array_equal(read, array)
    assert names(tmp_path) == ["model.safetensors"]


def test_what_others_write_is_read(tmp_path):
    arrays = {name: np.ascontiguousarray(array) for name, array in ARRAYS.items() if name != "big-endian"}
    safetensors.numpy.save_file(arrays, tmp_path / "theirs.safetensors", metadata={"format": "tf"})
    for name, stored in open_safetensors(tmp_path / "theirs.safetensors").items():
        np.testing.assert_array_equal(stored.load(), arrays[name])
    assert read_format(tmp_path / "theirs.safetensors") == "tf"
    safetensors.numpy.save_file(arrays, tmp_path / "theirs.safetensors")
    assert read_format(tmp_path / "theirs.safetensors") is None


def test_half_precision_is_read_as_float32(tmp_path):
    half = np.array([1.5, -2], ml_dtypes.bfloat16)
    (path,) = write_safetensors({"half": half}, tmp_path)
    assert open_safetensors(path)["half"].read().dtype == np.float32


def test_files_are_bit_equal_to_those_of_transformers(tmp_path):
    """The same weights as two PyTorch shards, in the order of the model, and as two safetensors shards."""
    folder = FIXTURES / "torch_files"
    tensors = {}
    for path in sorted((folder / "sharded_bin").glob("*.bin")):
        tensors.update(open_torch_file(path))
    paths = write_safetensors(tensors, tmp_path, max_shard_size="2KB")
    assert [path.name for path in paths] == [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    for path in paths:
        assert path.read_bytes() == (folder / "sharded_safetensors" / path.name).read_bytes()
    ours, theirs = (
        json.loads((source / "model.safetensors.index.json").read_text())
        for source in (tmp_path, folder / "sharded_safetensors")
    )
    assert ours["weight_map"] == theirs["weight_map"]
    assert ours["metadata"]["total_size"] == theirs["metadata"]["total_size"]
    single = FIXTURES / "tiny" / "model_gelu_l2" / "model.safetensors"
    (path,) = write_safetensors(open_safetensors(single), tmp_path / "single")
    assert path.read_bytes() == single.read_bytes()


def test_metadata_names_pytorchs_format(tmp_path):
    (path,) = write_safetensors({"a": np.zeros(1)}, tmp_path)
    assert read_format(path) == "pt"
    with safetensors.safe_open(path, "numpy") as file:
        assert file.metadata() == {"format": "pt"}


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_files_may_be_read_by_whom_the_umask_allows(tmp_path):
    before = os.umask(0o022)
    try:
        (path,) = write_safetensors({"a": np.zeros(1)}, tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("size", "files"), [(7, 3), (8, 3), (16, 2), ("16 B", None), ("24B", None), (24, 1), ("1KB", 1), ("5 gb", 1)]
)
def test_shards_hold_what_fits(tmp_path, size, files):
    tensors = {name: np.zeros(1) for name in "abc"}
    if files is None:
        with pytest.raises(ValueError, match=r"`max_shard_size`.*'500MB'.*Received: '\d+ ?B'"):
            write_safetensors(tensors, tmp_path, max_shard_size=size)
    else:
        assert len(write_safetensors(tensors, tmp_path, max_shard_size=size)) == files


@pytest.mark.parametrize("size", [0, -1, True, 1.5, "GB", "-5GB", "5GiB", None])
def test_wrong_shard_size_is_named(tmp_path, size):
    with pytest.raises(ValueError, match="`max_shard_size`"):
        write_safetensors({"a": np.zeros(1)}, tmp_path, max_shard_size=size)
    assert names(tmp_path) == []


def test_files_of_an_earlier_save_are_removed(tmp_path):
    other = ["config.json", "model-large.safetensors", "my-model-00001-of-00002.safetensors"]
    for name in other:
        (tmp_path / name).write_text("mine")
    for count in (3, 1, 2, 2, 3, 1):
        tensors = {name: np.full(1, count) for name in "abc"}
        written = [path.name for path in write_safetensors(tensors, tmp_path, {1: 24, 2: 16, 3: 8}[count])]
        assert len(written) == count
        index = ["model.safetensors.index.json"] if count > 1 else []
        assert names(tmp_path) == sorted([*written, *index, *other])
        assert open_safetensors(tmp_path / written[0])["a"].load().tolist() == [count]


@pytest.mark.parametrize("size", [8, 100])
def test_failure_leaves_the_earlier_save(tmp_path, size):
    write_safetensors({name: np.ones(1) for name in "ab"}, tmp_path, max_shard_size=size)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    wrong = StoredTensor("b", (1,), "float64", "memory", lambda: np.zeros(2))
    with pytest.raises(ValueError, match=r"'b' must be float64 \[1\]\. Received: float64 \[2\]"):
        write_safetensors({"a": np.zeros(1), "b": wrong}, tmp_path, max_shard_size=size)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("array", [np.zeros(1, complex), np.array(["text"]), np.array([None])])
def test_types_without_a_place_in_the_format_are_refused(tmp_path, array):
    with pytest.raises(ValueError, match=f"'odd' must have one of the types bool.*Received: {array.dtype.name}"):
        write_safetensors({"odd": array}, tmp_path)


def test_file_can_be_rewritten_from_itself(tmp_path):
    (path,) = write_safetensors({name: np.full(3, ord(name)) for name in "abc"}, tmp_path)
    paths = write_safetensors(open_safetensors(path), tmp_path, max_shard_size=30)
    assert [open_safetensors(path)[name].load()[0] for path, name in zip(paths, "abc")] == [97, 98, 99]


@pytest.mark.parametrize("lazily", ["function", "stored"])
def test_writing_and_reading_hold_one_tensor_at_a_time(tmp_path, lazily):
    size = 1_000_000

    def load():
        return np.zeros(size // 4, np.float32)

    value = load if lazily == "function" else StoredTensor("w", (size // 4,), "float32", "memory", load)
    tracemalloc.start()
    try:
        for path in write_safetensors({f"w{index}": value for index in range(12)}, tmp_path, 4 * size):
            for stored in open_safetensors(path).values():
                stored.load()
        assert tracemalloc.get_traced_memory()[1] < 2.5 * size
    finally:
        tracemalloc.stop()


def header_file(path, header, data=b"\0" * 8, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def entry(begin=0, end=8, dtype="F32", shape=(2,)):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (b"[]", "JSON object, received a list"),
        (b"{", "Expecting"),
        (b"\xff\xfe", "utf-8"),
        (b"[" * 100_000, "recursion"),
        (b'{"a":{"dtype":"F32","dtype":"F32"}}', "has 'dtype' twice"),
        ({"__metadata__": {"format": 1}}, "__metadata__ must map text to text"),
        ({"a": 5}, "'a' must have dtype, shape and data_offsets"),
        ({"a": {"dtype": "F32", "shape": [2]}}, "'a' must have dtype, shape and data_offsets"),
        ({"a": entry(dtype="F99")}, "'a' has the dtype 'F99', expected one of BOOL"),
        ({"a": entry(dtype=["F32"])}, "'a' has the dtype"),
        ({"a": entry(dtype="F16")}, "'a' has 8 bytes, expected 4"),
        ({"a": entry(shape=[3])}, "'a' has 8 bytes, expected 12"),
        ({"a": entry(shape=[-2])}, "'a' must have a list of lengths"),
        ({"a": entry(shape=[-2, -1])}, "'a' must have a list of lengths"),
        ({"a": entry(shape=[2.0])}, "'a' must have a list of lengths"),
        ({"a": entry(shape=[True, 2])}, "'a' must have a list of lengths"),
        ({"a": entry(shape=[2] + [1] * 70)}, "'a' must have a list of lengths"),
        ({"a": entry(0, 0, shape=[2**62, 0])}, "'a' must have a list of lengths"),
        ({"a": entry(shape=2)}, "'a' must have a list of lengths"),
        ({"a": entry(8, 0)}, "'a' must have two rising data_offsets"),
        ({"a": entry(-8, 0)}, "'a' must have two rising data_offsets"),
        ({"a": {**entry(), "data_offsets": [0]}}, "'a' must have two rising data_offsets"),
        ({"a": entry(0, 16, shape=[4])}, r"'a' ends at byte \d+, the file at \d+"),
        ({"a": entry(0, 4, shape=[1])}, "its tensors fill the bytes"),
        ({"a": entry(4, 8, shape=[1])}, "its tensors fill the bytes"),
        ({}, "its tensors fill the bytes"),
        ({"a": entry(), "b": entry()}, "'b' overlaps tensor 'a'"),
        ({"a": entry(0, 4, shape=[1]), "b": entry(5, 8, "U8", [3])}, "'b' leaves a hole after tensor 'a'"),
    ],
)
def test_fault_is_named(tmp_path, header, fault):
    path = header_file(tmp_path / "broken.safetensors", header)
    with pytest.raises(ValueError, match=rf"broken\.safetensors.*{fault}"):
        open_safetensors(path)


def test_two_tensors_of_one_name_are_refused(tmp_path):
    text = json.dumps(entry(0, 4, shape=[1]))
    path = header_file(tmp_path / "broken.safetensors", f'{{"a": {text}, "a": {text}}}'.encode())
    with pytest.raises(ValueError, match="has 'a' twice"):
        open_safetensors(path)


def test_file_that_shrinks_after_opening_is_named(tmp_path):
    (path,) = write_safetensors({"w": np.zeros(9)}, tmp_path)
    stored = open_safetensors(path)["w"]
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="ends within tensor 'w': expected 9 values, got 8"):
        stored.load()


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        open_safetensors(tmp_path / "absent.safetensors")
