"""The folder between the two steps of `gpu.py`; it needs NumPy only, neither TensorFlow nor JAX."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

MANIFEST, WEIGHTS, TEXTS = "manifest.json", "weights.npz", "texts.npz"
WRITE_IT = "python examples/benchmarks/gpu.py export FOLDER"


class Bundle:
    """What `gpu.py export` wrote: modules, weights, texts, and what TensorFlow makes of the first texts.

    Weights are rounded to bfloat16, for float32 modules too, so that one copy of two bytes each serves all.

    Args:
        folder: Path.

    Raises:
        SystemExit: If no finished export lies there.
    """

    def __init__(self, folder: str | PathLike):
        self.folder = Path(folder)
        path = self.folder / MANIFEST
        if not path.is_file():
            raise SystemExit(f"There is no {MANIFEST} in {self.folder}. Write it with TensorFlow: {WRITE_IT}.")
        self.manifest: dict[str, Any] = json.loads(path.read_text())

    @classmethod
    def write(
        cls,
        folder: str | PathLike,
        manifest: Mapping[str, Any],
        modules: Mapping[str, str],
        weights: Mapping[str, np.ndarray] | None,
        texts: Mapping[str, np.ndarray],
    ) -> Bundle:
        """Write the folder, the manifest last.

        Args:
            folder: Path. Made if it is missing.
            manifest: dict, as `export` in `first_step.py` makes it.
            modules: dict from file name to StableHLO.
            weights: dict from name to bfloat16 array, or None for those of `random_weights`.
            texts: dict of `ids_L`, `mask_L` [B, L] and `reference_L` [R, L, D] for each length L.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in (MANIFEST, WEIGHTS):
            (folder / name).unlink(missing_ok=True)
        for name, text in modules.items():
            (folder / name).write_bytes(gzip.compress(text.encode(), mtime=0))
        np.savez_compressed(folder / TEXTS, **texts)
        if weights is not None:
            # As integers: NumPy's files know no bfloat16.
            np.savez_compressed(folder / WEIGHTS, **{name: array.view(np.uint16) for name, array in weights.items()})
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        return cls(folder)

    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights by name, bfloat16; the manifest's `arguments` are the order in which modules take them."""
        shapes = self.manifest["weights"]
        if not (self.folder / WEIGHTS).is_file():
            return random_weights(shapes)
        with np.load(self.folder / WEIGHTS) as stored:
            return {name: stored[name].view(ml_dtypes.bfloat16) for name in shapes}

    def module(self, row: Mapping[str, Any]) -> str:
        """Return the StableHLO of one of the manifest's modules."""
        return gzip.decompress((self.folder / row["file"]).read_bytes()).decode()

    def texts(self, batch: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Return ids and mask of the first texts of a length, int32 [batch, length]."""
        with np.load(self.folder / TEXTS) as stored:
            return stored[f"ids_{length}"][:batch], stored[f"mask_{length}"][:batch]

    def largest_difference(self, states: np.ndarray, length: int) -> float:
        """Return how far hidden states [B, length, D] are from TensorFlow's in float32, where it has any."""
        with np.load(self.folder / TEXTS) as stored:
            reference = stored[f"reference_{length}"]
        rows = min(len(states), len(reference))
        return float(np.abs(states[:rows].astype(np.float32) - reference[:rows]).max())


def random_weights(shapes: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
    """Return bfloat16 weights as of a new BERT, the same ones on every machine, so that they need not travel."""
    random = np.random.RandomState(0)  # NumPy keeps its numbers in all versions, unlike those of `default_rng`
    return {
        name: (random.standard_normal(shape) * 0.02 + name.endswith("gamma")).astype(ml_dtypes.bfloat16)
        for name, shape in shapes.items()
    }
