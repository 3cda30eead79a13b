"""Files that were made to do harm: nothing in them runs, nothing of them is half-loaded, the error names the file."""

import io
import json
import os
import pickle
import random
import struct
import warnings
import zipfile

import numpy as np
import pytest

from tests.checkpoints.torch_bytes import legacy_file, state_dict, tensor, text, zip_file
from tests.conftest import FIXTURES
from tfbert.checkpoints.formats.restricted_unpickler import RestrictedUnpickler
from tfbert.checkpoints.formats.safetensors_file import open_safetensors
from tfbert.checkpoints.formats.sharded_index import open_shards
from tfbert.checkpoints.formats.torch_file import open_torch_file

FOLDER = FIXTURES / "torch_files"


class Attack:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self._call = function, arguments

    def __reduce__(self):
        return self._call


def attacks(trace):
    """Pickles that make the file `trace` when Python's own unpickler reads them, by the way in which they do."""
    command, source = f"echo harm > {trace}", f"open({str(trace)!r}, 'w').close()"
    return {
        "reduce": pickle.dumps({"w": Attack(os.system, command)}, protocol=2),
        "stack global": pickle.dumps({"w": Attack(os.system, command)}, protocol=4),
        "eval": b"\x80\x02}" + text("w") + b"cbuiltins\neval\n" + text(source) + b"\x85Rs.",
        "instance": b"(" + text(source) + b"ibuiltins\nexec\n.",
        "object": b"(cbuiltins\nexec\n" + text(source) + b"o.",
        "dotted": b"\x80\x04\x8c\x02os\x8c\x06system\x93" + text(command) + b"\x85R.",
    }


@pytest.mark.parametrize("way", attacks(""))
@pytest.mark.parametrize("form", ["zip", "legacy", "bare", "wrapped"])
def test_pickle_that_would_execute_code_leaves_no_trace(way, form, tmp_path):
    trace = tmp_path / "trace"
    pickled = attacks(trace)[way]
    path = tmp_path / "pytorch_model.bin"
    if form == "zip":
        zip_file(path, pickled, {"data/0": b"\0" * 16})
    elif form == "legacy":
        legacy_file(path, pickled)
    elif form == "bare":
        path.write_bytes(pickled)
    else:
        inner = pickled.removeprefix(b"\x80\x02").removeprefix(b"\x80\x04").removesuffix(b".")
        zip_file(path, state_dict(good=tensor([4]), state_dict=inner), {"data/0": b"\0" * 16})
    with pytest.raises(
        ValueError, match=r"pytorch_model\.bin' (asks for|uses the pickle operation).*None of it was run"
    ):
        open_torch_file(path)
    assert not trace.exists()


@pytest.mark.parametrize("way", attacks(""))
def test_the_attacks_are_real(way, tmp_path):
    trace = tmp_path / "trace"
    pickle.loads(attacks(trace)[way])
    assert trace.exists()


@pytest.mark.parametrize(
    ("operations", "fault"),
    [
        (b"cposix\nsystem\n", r"asks for 'posix\.system'"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n}" + text("__code__") + b"K\x01sb", "needs a value of type dict"),
        (b"ccollections\nOrderedDict\n" + text("__doc__") + b"b", "needs a value of type dict"),
        (b"ctorch\nFloatStorage\n)R", "calls a Float32DType"),
        (text("print") + text("x") + b"\x85R", "calls a str"),
        (b"ctorch._utils\n_rebuild_parameter\nK\x01R", "calls a function"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n)R", "missing"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x02))tR", "something else than a storage"),
        (b"K\x01K\x02\x93", "asks for no name"),
        (b"K\x01Q", "something else than a storage"),
        (b"}]K\x01s", "other keys"),
        (b"}(K\x01u", "other keys"),
        (b"K\x01K\x02a", "needs a value of type list"),
        (b"h\x07", "never gave"),
        (b"t", "never began"),
        (b"R", "never gave"),
        (b"\x82\x01", "uses the pickle operation EXT1"),
        (b"\x8f", "uses the pickle operation EMPTY_SET"),
        (b"\x8b\xff\xff\xff\x7f\x01", "LONG4|long"),
        (b"\x8d" + b"\xff" * 7 + b"\x7f", "unicodestring8|BINUNICODE8"),
    ],
)
@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_pickle_of_anything_but_data_is_refused(operations, fault, form, tmp_path):
    pickled = b"\x80\x04" + operations + b"."
    path = tmp_path / "odd.bin"
    if form == "zip":
        zip_file(path, pickled, {})
    else:
        legacy_file(path, pickled)
    with pytest.raises(ValueError, match=rf"odd\.bin'.*({fault})"):
        open_torch_file(path)


def test_nothing_can_change_the_functions_that_a_file_may_call():
    def allowed():
        raise AssertionError("called")

    reader = RestrictedUnpickler({"a.b": allowed}, persistent=lambda key: key, source="x.bin")
    for pickled in (b"ca\nb\n}" + text("x") + b"K\x01sb.", b"ca\nb\nN}" + text("__doc__") + b"K\x01s\x86b."):
        with pytest.raises(ValueError, match=r"x\.bin"):
            reader.load(io.BytesIO(b"\x80\x02" + pickled))
    assert allowed.__dict__ == {}
    assert allowed.__doc__ is None


def test_zip_bomb_is_refused_before_it_grows(tmp_path):
    bomb = zip_file(
        tmp_path / "bomb.bin", state_dict(w=tensor([4])), {"data/0": b"\0" * 50_000_000}, zipfile.ZIP_DEFLATED
    )
    assert bomb.stat().st_size < 100_000
    with pytest.raises(ValueError, match=r"bomb\.bin.*is compressed"):
        open_torch_file(bomb)


@pytest.mark.parametrize("name", ["archive/data/0", "archive/data.pkl"])
def test_zip_entries_that_claim_more_than_the_file_are_refused(tmp_path, name):
    path = zip_file(tmp_path / "claims.bin", state_dict(w=tensor([4])), {"data/0": b"\0" * 16})
    content = bytearray(path.read_bytes())
    at = content.rindex(name.encode()) - 46  # its entry in the directory at the file's end
    assert content[at : at + 4] == b"PK\1\2"
    struct.pack_into("<II", content, at + 20, 2**31, 2**31)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"claims\.bin.*entries claim 2147"):
        open_torch_file(path)


def test_zip_entry_that_leaves_the_file_names_the_tensor(tmp_path):
    path = zip_file(tmp_path / "shifted.bin", state_dict(w=tensor([4])), {"data/0": b"\0" * 16})
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, content.index(b"archive/data/0") - 2, 0xFFFF)  # length of the extra field
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"shifted\.bin.*tensor 'w' lies in a storage of 4 float32 values"):
        open_torch_file(path)


def test_zip_entry_twice_or_elsewhere_is_refused(tmp_path):
    pickled = state_dict(w=tensor([4]))
    path = tmp_path / "odd.bin"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        zip_file(path, pickled, {"data.pkl": pickled})
    with pytest.raises(ValueError, match=r"archive/data\.pkl' twice"):
        open_torch_file(path)
    zip_file(path, pickled, {"../other/data.pkl": pickled, "data/0": b"\0" * 16})
    assert open_torch_file(path)["w"].load().tolist() == [0] * 4
    zip_file(path, pickled, {"data/0": b"\0" * 16})
    path.write_bytes(path.read_bytes().replace(b"archive/data.pkl", b"archive/data.abc"))
    with pytest.raises(ValueError, match=r"one data\.pkl"):
        open_torch_file(path)


def test_paths_in_a_zip_file_lead_nowhere(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    pickled = state_dict(w=tensor([4], key="../../../escaped"))
    zip_file(folder / "w.bin", pickled, {"data/../../../escaped": np.ones(4, "<f4").tobytes()})
    assert open_torch_file(folder / "w.bin")["w"].load().tolist() == [1] * 4
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["model", "w.bin"]


def test_index_that_points_outside_opens_nothing(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    secret = zip_file(tmp_path / "secret.bin", state_dict(w=tensor([4])), {"data/0": b"\0" * 16})
    index = folder / "pytorch_model.bin.index.json"
    for shard in ("../secret.bin", str(secret)):
        index.write_text(json.dumps({"weight_map": {"w": shard}}))
        with pytest.raises(ValueError, match=r"index\.json' puts tensor 'w' into a file outside its folder"):
            open_shards(index, open_torch_file)


@pytest.mark.parametrize("length", [10**3, 10**12, 2**64 - 1])
def test_header_longer_than_the_file_is_refused(tmp_path, length):
    path = tmp_path / "long.safetensors"
    path.write_bytes(length.to_bytes(8, "little") + b"{}")
    with pytest.raises(ValueError, match=rf"long\.safetensors.*header claims {length} bytes; at most 2"):
        open_safetensors(path)


def error_of(open_one, path):
    try:
        for stored in open_one(path).values():
            stored.load()
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("name", "open_one"),
    [
        ("zip.bin", open_torch_file),
        ("legacy.bin", open_torch_file),
        ("sharded_safetensors/model-00002-of-00002.safetensors", open_safetensors),
    ],
)
def test_any_damage_gives_tensors_or_a_named_error(tmp_path, name, open_one):
    original = (FOLDER / name).read_bytes()
    path = tmp_path / "damaged.file"
    draw = random.Random(name)
    refused = 0
    for _ in range(400):
        content = bytearray(original)
        for _ in range(draw.choice([1, 1, 2, 5])):
            content[draw.randrange(len(content))] = draw.randrange(256)
        path.write_bytes(content[: draw.choice([len(content), draw.randrange(len(content))])])
        error = error_of(open_one, path)
        assert error is None or "damaged.file" in error
        refused += error is not None
    assert 150 < refused < 400
