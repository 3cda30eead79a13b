"""RestrictedUnpickler: pickled data, read without running any of it."""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

# Operations that push the value which follows them in the stream.
VALUES = {
    *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
IGNORED = {"PROTO", "FRAME"}
SCALARS = (str, int, float, type(None))


class RestrictedUnpickler:
    """Reads a pickle of plain data and of a few named constructors.

    Python's own unpickler calls whatever a file names and sets attributes of whatever it finds. This one interprets the
    operations of the stream itself, knows only those that build data, and calls only functions of its list.

    Args:
        allowed: dict from "module.name" to what the name stands for: a function that may be called, or a value.
        persistent: Function from a persistent id, which may be anything, to what it stands for.
        source: str. The file, for messages.

    Example:
        >>> import io, pickle
        >>> reader = RestrictedUnpickler({}, persistent=lambda key: key, source="weights.bin")
        >>> reader.load(io.BytesIO(pickle.dumps({"a": [1, 2.5, None]}, protocol=2)))
        {'a': [1, 2.5, None]}
        >>> reader.load(io.BytesIO(pickle.dumps(print, protocol=2)))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        ValueError: 'weights.bin' asks for '__builtin__.print', which is no plain data. None of it was run...
    """

    def __init__(self, allowed: Mapping[str, Any], persistent: Callable[[Any], Any], source: str):
        self._allowed = allowed
        self._persistent = persistent
        self._source = source
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._operations: dict[str, Callable[[Any], None]] = {
            "MARK": lambda _: self._marks.append(len(self._stack)),
            "EMPTY_LIST": lambda _: self._stack.append([]),
            "EMPTY_DICT": lambda _: self._stack.append({}),
            "TUPLE": lambda _: self._stack.append(tuple(self._above_mark())),
            "TUPLE1": lambda _: self._stack.append(tuple(self._pop(1))),
            "TUPLE2": lambda _: self._stack.append(tuple(self._pop(2))),
            "TUPLE3": lambda _: self._stack.append(tuple(self._pop(3))),
            "APPEND": lambda _: self._extend(self._pop(1)),
            "APPENDS": lambda _: self._extend(self._above_mark()),
            "SETITEM": lambda _: self._update(self._pop(2)),
            "SETITEMS": lambda _: self._update(self._above_mark()),
            "BINPUT": self._remember,
            "LONG_BINPUT": self._remember,
            "MEMOIZE": lambda _: self._remember(len(self._memo)),
            "BINGET": self._recall,
            "LONG_BINGET": self._recall,
            "GLOBAL": lambda name: self._find(*name.split(" ", 1)),
            "STACK_GLOBAL": lambda _: self._find(*self._pop(2)),
            "REDUCE": lambda _: self._call(*self._pop(2)),
            "BUILD": lambda _: self._set_state(),
            "BINPERSID": lambda _: self._call(self._persistent, tuple(self._pop(1))),
        }

    def load(self, stream: BinaryIO) -> Any:
        """Read one pickle and leave the stream behind it.

        Args:
            stream: Binary file, or anything with `read`, `readline` and `tell` that reads no more than there is.

        Returns:
            The data.

        Raises:
            ValueError: If the pickle is broken, or needs anything but plain data and the allowed names.
        """
        for state in (self._stack, self._marks, self._memo):
            state.clear()
        for operation, argument in self._read(stream):
            if operation in VALUES:
                self._stack.append(argument)
            elif operation in CONSTANTS:
                self._stack.append(CONSTANTS[operation])
            elif operation in self._operations:
                self._operations[operation](argument)
            elif operation not in IGNORED:
                raise self._refusal(f"uses the pickle operation {operation}")
        return self._pop(1)[0]

    def _read(self, stream: BinaryIO) -> Iterator[tuple[str, Any]]:
        try:
            for opcode, argument, _ in pickletools.genops(stream):
                if opcode.name == "STOP":
                    return
                yield opcode.name, argument
        except ValueError as error:
            raise self._corrupt(str(error)) from error

    def _pop(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise self._corrupt("its pickle takes a value that it never gave")
        values = self._stack[-count:]
        del self._stack[-count:]
        return values

    def _above_mark(self) -> list[Any]:
        if not self._marks:
            raise self._corrupt("its pickle ends a group that it never began")
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _top(self, kind: type) -> Any:
        if not self._stack or not isinstance(self._stack[-1], kind):
            raise self._corrupt(f"its pickle needs a value of type {kind.__name__} where it has none")
        return self._stack[-1]

    def _extend(self, values: list[Any]) -> None:
        self._top(list).extend(values)

    def _update(self, pairs: list[Any]) -> None:
        keys = pairs[::2]
        # Hashing nested tuples of a hostile file may take forever.
        if len(pairs) % 2 or not all(isinstance(key, SCALARS) for key in keys):
            raise self._corrupt("a dict of its pickle has other keys than text and numbers")
        self._top(dict).update(zip(keys, pairs[1::2]))

    def _remember(self, index: int) -> None:
        self._memo[index] = self._top(object)

    def _recall(self, index: int) -> None:
        if index not in self._memo:
            raise self._corrupt("its pickle repeats a value that it never gave")
        self._stack.append(self._memo[index])

    def _find(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)) or f"{module}.{name}" not in self._allowed:
            raise self._refusal(f"asks for {f'{module}.{name}'!r}" if isinstance(name, str) else "asks for no name")
        self._stack.append(self._allowed[f"{module}.{name}"])

    def _call(self, function: Any, arguments: Any) -> None:
        if not callable(function) or not isinstance(arguments, tuple):
            raise self._refusal(f"calls a {type(function).__name__}")
        try:
            self._stack.append(function(*arguments))
        except (TypeError, ValueError) as error:
            raise self._corrupt(str(error)) from error

    def _set_state(self) -> None:
        """Drop the attributes of a dict, such as a state dict's `_metadata`; nothing else may have any."""
        self._pop(1)
        self._top(dict)

    def _corrupt(self, fault: str) -> ValueError:
        return ValueError(f"{self._source!r} is truncated or no PyTorch file: {fault}. Fetch the checkpoint again.")

    def _refusal(self, deed: str) -> ValueError:
        return ValueError(
            f"{self._source!r} {deed}, which is no plain data. None of it was run. If you trust the file, load it in "
            "PyTorch and save its weights alone: safetensors.torch.save_file(model.state_dict(), 'model.safetensors')."
        )
