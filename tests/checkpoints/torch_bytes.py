"""PyTorch files put together byte by byte, so that tests can make those that PyTorch never writes."""

import zipfile

MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
VERSION = b"\x80\x02M\xe9\x03."


def text(value):
    return b"X" + len(value.encode()).to_bytes(4, "little") + value.encode()


def integer(value):
    data = value.to_bytes(16, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def integers(values):
    return b"(" + b"".join(map(integer, values)) + b"t"


def tensor(shape, *, strides=None, offset=0, key="0", count=4, storage="FloatStorage", view=b""):
    """The operations that build one tensor."""
    if strides is None:
        strides = [1] * len(shape)
    identity = b"(" + text("storage") + b"ctorch\n" + storage.encode() + b"\n" + text(key) + text("cpu")
    identity += integer(count) + view + b"tQ"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + (identity + integer(offset) + integers(shape) + integers(strides) + b"\x89}t")
        + b"R"
    )


def state_dict(**operations):
    """A pickle of a dict whose values the operations build."""
    items = b"".join(text(name) + value for name, value in operations.items())
    return b"\x80\x02}(" + items + b"u."


def zip_file(path, pickled, entries, compression=zipfile.ZIP_STORED):
    """Write a file in the zip format; entries are its storages and the like by their paths in the archive."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled)
        for name, content in entries.items():
            archive.writestr(f"archive/{name}", content)
    return path


def legacy_file(path, pickled, storages=(), *, little_endian=True):
    """Write a file in the format before PyTorch 1.6; storages are (key, count, bytes)."""
    system = b"\x80\x02}" + text("little_endian") + (b"\x88" if little_endian else b"\x89") + b"s."
    keys = b"\x80\x02](" + b"".join(text(key) for key, _, _ in storages) + b"e."
    with open(path, "wb") as file:
        file.write(MAGIC + VERSION + system + pickled + keys)
        for _, count, content in storages:
            file.write(count.to_bytes(8, "little") + content)
    return path
