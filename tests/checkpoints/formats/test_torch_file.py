"""PyTorch's files, written by PyTorch (see tests/fixtures/make_torch_files.py) and made by hand."""

import tracemalloc

import numpy as np
import pytest

from tests.checkpoints.torch_bytes import legacy_file, state_dict, tensor, zip_file
from tests.conftest import FIXTURES
from tfbert.checkpoints.formats.torch_file import open_torch_file

FOLDER = FIXTURES / "torch_files"
CONTENT = np.arange(4, dtype="<f4").tobytes()


@pytest.fixture(params=["zip", "legacy"])
def write(request, tmp_path):
    """A function that writes a pickle and the content of storage "0" in either format."""

    def write(pickled, content=CONTENT, count=4):
        path = tmp_path / "pytorch_model.bin"
        if request.param == "zip":
            return zip_file(path, pickled, {"data/0": content})
        return legacy_file(path, pickled, [("0", count, content)])

    return write


@pytest.mark.parametrize("name", ["zip", "zip_protocol_4", "legacy", "wrapped"])
def test_pytorch_files_give_every_value(name):
    tensors = open_torch_file(FOLDER / f"{name}.bin")
    with np.load(FOLDER / "expected.npz") as expected:
        assert set(tensors) == set(expected)
        for key, stored in tensors.items():
            array = stored.load()
            assert (stored.name, stored.shape, stored.dtype) == (key, array.shape, array.dtype.name)
            assert stored.dtype == (key if key == "bfloat16" else expected[key].dtype.name)
            np.testing.assert_array_equal(array.astype(expected[key].dtype), expected[key], err_msg=key)


def test_half_precision_is_read_as_float32():
    assert open_torch_file(FOLDER / "zip.bin")["bfloat16"].read().dtype == np.float32


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.bin"):
        open_torch_file(tmp_path / "absent.bin")


@pytest.mark.parametrize("name", ["zip", "legacy"])
@pytest.mark.parametrize("part", [0, 0.01, 0.3, 0.5, 0.8])
def test_truncated_file_is_named(name, part, tmp_path):
    content = (FOLDER / f"{name}.bin").read_bytes()
    path = tmp_path / "half.bin"
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ValueError, match=r"half\.bin"):
        open_torch_file(path)


def test_truncated_legacy_file_names_the_tensor(tmp_path):
    path = tmp_path / "short.bin"
    path.write_bytes((FOLDER / "legacy.bin").read_bytes()[:-3])
    with pytest.raises(ValueError, match=r"short\.bin.*tensor '\w+' lies in a storage"):
        open_torch_file(path)


@pytest.mark.parametrize(
    ("operations", "fault"),
    [
        (tensor([5]), "tensor 'w' needs 5 values of its storage, which has 4"),
        (tensor([2], offset=3), "tensor 'w' needs 5 values"),
        (tensor([2, 2], strides=[3, 1]), "tensor 'w' needs 5 values"),
        (tensor([4], key="9"), "tensor 'w' lies in the storage '9', which the file lacks"),
        (
            tensor([4], storage="DoubleStorage"),
            "tensor 'w' lies in a storage of 4 float64 values, of which .* 16 bytes",
        ),
        (tensor([5], count=5), "tensor 'w' lies in a storage of 5 float32 values, of which .* 16 bytes"),
        (tensor([4], strides=[-1]), "shape or strides"),
        (tensor([-4]), "shape or strides"),
        (tensor([4], strides=[1, 1]), "shape or strides"),
        (tensor([2**70]), "shape or strides"),
        (tensor([10**6] * 4, strides=[0] * 4), "shape or strides"),
        (tensor([1] * 70), "shape or strides"),
        (tensor([4], count=-4), "storage without a key or a count"),
        (tensor([4], view=b"K\x01"), "something else than a storage"),
        (tensor([4], storage="ComplexFloatStorage"), r"asks for 'torch\.ComplexFloatStorage'"),
    ],
)
def test_tensor_that_its_storage_does_not_hold_is_named(write, operations, fault):
    with pytest.raises(ValueError, match=rf"pytorch_model\.bin'.*{fault}"):
        open_torch_file(write(state_dict(w=operations)))


def test_legacy_count_that_differs_from_the_pickle_is_named(tmp_path):
    path = legacy_file(tmp_path / "w.bin", state_dict(w=tensor([4])), [("0", 3, CONTENT)])
    with pytest.raises(ValueError, match=r"tensor 'w' lies in a storage of 4 float32 values, of which .* 12 bytes"):
        open_torch_file(path)


def test_one_storage_described_in_two_ways_is_refused(write):
    pickled = state_dict(a=tensor([4]), b=tensor([2], count=2, storage="DoubleStorage"))
    with pytest.raises(ValueError, match="storage '0' in two ways"):
        open_torch_file(write(pickled))


def test_repeated_values_take_no_memory(write):
    stored = open_torch_file(write(state_dict(w=tensor([10**6, 10**6], strides=[0, 0], offset=2))))["w"]
    assert stored.shape == (10**6, 10**6)
    assert stored.load()[-1, -1] == 2


@pytest.mark.parametrize("pickled", [b"\x80\x02](K\x01e.", b"\x80\x02}.", state_dict(a=b"K\x07"), tensor([4]) + b"."])
def test_content_without_named_tensors_is_refused(write, pickled):
    with pytest.raises(ValueError, match="dict from names to tensors"):
        open_torch_file(write(pickled))


def test_big_endian_files_are_refused(tmp_path):
    pickled = state_dict(w=tensor([4]))
    legacy = legacy_file(tmp_path / "a.bin", pickled, [("0", 4, CONTENT)], little_endian=False)
    zipped = zip_file(tmp_path / "b.bin", pickled, {"data/0": CONTENT, "byteorder": b"big"})
    for path in (legacy, zipped):
        with pytest.raises(ValueError, match="big-endian"):
            open_torch_file(path)


def test_reading_holds_one_tensor_at_a_time(tmp_path):
    million = np.zeros(250_000, "<f4").tobytes()
    pickled = state_dict(**{f"w{i}": tensor([250_000], key=str(i), count=250_000) for i in range(12)})
    path = zip_file(tmp_path / "big.bin", pickled, {f"data/{i}": million for i in range(12)})
    tracemalloc.start()
    try:
        for stored in open_torch_file(path).values():
            stored.load()
        assert tracemalloc.get_traced_memory()[1] < 2.5 * len(million)
    finally:
        tracemalloc.stop()
