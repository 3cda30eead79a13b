"""OnnxModel: a task in an ONNX file, asked without TensorFlow."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from tfbert.export.loaded_model import LoadedModel, check_threads
from tfbert.export.onnx.answer_alone import open_session
from tfbert.export.text_columns import Columns
from tfbert.optional import import_optional

METADATA_KEY = "tfbert"
STRINGS = "tensor(string)"
BYTES_AT_ONCE = 1 << 18  # of which reading the text takes up to 650 times as many


class OnnxModel(LoadedModel):
    """A task in an ONNX file: `predict` and calling answer texts as the task does; a file of ids has `run_ids`.

    Args:
        path: Path of the file.
        threads: int or None, default None. Cores that an answer may use; None is ONNX Runtime's choice.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If onnxruntime, or for texts onnxruntime-extensions, is not installed.
        ValueError: If it is no ONNX file of tfbert.

    Example:
        >>> model = OnnxModel("sentiment.onnx", threads=2)  # doctest: +SKIP
        >>> model.predict(["What a lovely day"])["label"]  # doctest: +SKIP
        array(['positive'], dtype=object)
    """

    def __init__(self, path: str | PathLike, threads: int | None = None):
        path = Path(path).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"There is no ONNX file at {str(path)!r}.")
        check_threads(threads)
        self._session = _open_session(str(path), threads)
        metadata = self._session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        if metadata is None:
            raise ValueError(f"The file {str(path)!r} was not exported by tfbert. Open it with onnxruntime itself.")
        super().__init__(path, json.loads(metadata))
        self._outputs = [output.name for output in self._session.get_outputs()]

    def input_ranks(self) -> dict[str, int]:
        """Return 1 for each text input."""
        return {one.name: len(one.shape) for one in self._session.get_inputs() if one.type == STRINGS}

    def signatures(self) -> dict[str, dict[str, list[str]]]:
        """Return the names of the inputs and outputs of the one function of the file."""
        inputs = [one.name for one in self._session.get_inputs()]
        return {"serving_default" if self.input_names else "ids": {"inputs": inputs, "outputs": self._outputs}}

    def ids_ranks(self) -> dict[str, int]:
        return {one.name: len(one.shape) for one in self._session.get_inputs() if one.type != STRINGS}

    def _rows_at_once(self, size: int) -> int:
        return max(1, min(super()._rows_at_once(size), BYTES_AT_ONCE // max(1, size)))

    def _run_ids(self, ids: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return self._answers(ids)

    def _run(self, columns: Columns) -> dict[str, np.ndarray]:
        return self._answers({name: _without_nul(column) for name, column in columns.items()})

    def _answers(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(self._outputs, self._session.run(self._outputs, inputs)))


def load(path: str | PathLike, threads: int | None = None) -> OnnxModel:
    """Open an ONNX file that a task was exported to; it imports no TensorFlow.

    Args:
        path: Path of the file.
        threads: int or None, default None. Cores that an answer may use; None is ONNX Runtime's choice.

    Returns:
        An `OnnxModel`.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If onnxruntime, or for texts onnxruntime-extensions, is not installed.
        ValueError: If it is no ONNX file of tfbert.

    Example:
        >>> import tfbert.export
        >>> model = tfbert.export.onnx.load("sentiment.onnx", threads=2)  # doctest: +SKIP
    """
    return OnnxModel(path, threads)


def _open_session(path: str, threads: int | None) -> Any:
    import_optional("onnxruntime")
    state = import_optional("onnxruntime.capi.onnxruntime_pybind11_state")
    errors = (state.Fail, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented, state.RuntimeException)
    try:
        return open_session(path, threads)
    except ModuleNotFoundError:
        import_optional("onnxruntime_extensions")
        raise
    except errors as error:
        raise ValueError(f"ONNX Runtime cannot open {path!r}: {error}") from error


def _without_nul(column: np.ndarray) -> np.ndarray:
    """Texts with U+0002 in the place of NUL, which would end a string on its way; the tokenizer takes them alike."""
    texts = np.empty(len(column), object)
    texts[:] = [text.replace("\0", "\2") for text in column]
    return texts
