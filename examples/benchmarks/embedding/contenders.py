"""Who takes part in `throughput.py`, `latency.py` and `edge.py`, and what each of them loads: the same weights in all.

A contender turns strings into mean-pooled vectors of length 1. The peers tokenize with the library `tokenizers`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from examples import assets
from examples.benchmarks.peers import Peer, python_of

HERE = Path(__file__).resolve().parent
MAX_LENGTH = 256
LEAST_COSINE = 0.999  # that a contender in float32 may have with tfbert


def folder(precision: str, scratch: Path) -> Path:
    """The Hugging Face folder."""
    return assets.minilm_folder()


def saved_model(precision: str, scratch: Path) -> Path:
    """A SavedModel, made by tfbert."""
    from tfbert.tasks import TextEmbedder

    embedder = TextEmbedder.from_pretrained(assets.minilm_folder(), max_length=MAX_LENGTH, dtype=precision)
    return embedder.export(scratch / f"saved_model_{precision}")


def litert_file(precision: str, scratch: Path) -> Path:
    """A LiteRT file, made by tfbert."""
    from tfbert.tasks import TextEmbedder

    path = scratch / f"{precision}.tflite"
    if not path.is_file():
        embedder = TextEmbedder.from_pretrained(assets.minilm_folder(), max_length=MAX_LENGTH)
        embedder.export(path, format="litert", precision=precision)
    return path


def onnx_graph(precision: str, scratch: Path) -> Path:
    """An ONNX graph, made by PyTorch, fused and quantized by ONNX Runtime; once, then kept."""
    made = assets.CACHE / "all-MiniLM-L6-v2-onnx"
    graphs = {name: made / f"{name}.onnx" for name in ("exported", "float32", "int8")}
    if not graphs["int8"].is_file():
        made.mkdir(parents=True, exist_ok=True)
        source = assets.minilm_folder()
        export = [python_of("torch"), "-W", "ignore", HERE / "export_onnx.py", source, graphs["exported"]]
        fuse = [python_of("onnxruntime"), HERE / "fuse_onnx.py", graphs["exported"], source / "config.json"]
        for command in (export, [*fuse, graphs["float32"], graphs["int8"]]):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return graphs[precision]


class Contender(NamedTuple):
    """A script in an environment, and what makes the model that it loads of a precision and a folder to write to."""

    environment: str
    script: str
    model: Callable[[str, Path], Path]
    precision: str = "float32"


CONTENDERS = {
    "tfbert fp32": Contender("tfbert", "with_saved_model.py", saved_model),
    "tfbert bf16": Contender("tfbert", "with_saved_model.py", saved_model, "bfloat16"),
    "tfbert LiteRT fp32": Contender("tfbert", "with_litert.py", litert_file),
    "tfbert LiteRT int8": Contender("tfbert", "with_litert.py", litert_file, "dynamic_int8"),
    "PyTorch fp32": Contender("torch", "with_torch.py", folder),
    "PyTorch bf16": Contender("torch", "with_torch.py", folder, "bfloat16"),
    "Hugging Face TF": Contender("hugging_face_tf", "with_hugging_face_tf.py", folder),
    "ONNX Runtime fp32": Contender("onnxruntime", "with_onnxruntime.py", onnx_graph),
    "ONNX Runtime int8": Contender("onnxruntime", "with_onnxruntime.py", onnx_graph, "int8"),
    "keras-hub": Contender("keras_hub", "with_keras_hub.py", folder),
    "tf-text and Keras": Contender("tfbert", "with_tf_text.py", folder),
}
FIRST = "tfbert fp32"


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the option that says who takes part; `FIRST` always does."""
    others = [name for name in CONTENDERS if name != FIRST]
    parser.add_argument(
        "--only",
        nargs="+",
        choices=others,
        default=others,
        metavar="NAME",
        help=f"who takes part beside {FIRST}, of: {', '.join(others)}",
    )


class Running:
    """A contender at work; `seconds` are those of each call, a list for each round."""

    def __init__(self, peer: Peer, vectors: Path):
        self.peer, self.vectors = peer, vectors
        self.versions: str = peer.about["versions"]
        self.seconds: list[list[float]] = []

    def turn(self) -> None:
        """Let it embed all texts once."""
        self.seconds.append(self.peer.turn()["seconds"])


@contextmanager
def at_work(
    others: Sequence[str],
    texts: list[str],
    batch_size: int,
    threads: int,
    first: str = FIRST,
    models: Path | None = None,
) -> Iterator[dict[str, Running]]:
    """Start contenders and let each warm up by a turn.

    Args:
        others: Sequence of keys of `CONTENDERS`, who take part beside the first.
        texts: list of str.
        batch_size: int. Texts a call, in their order.
        threads: int. Cores that each may use.
        first: str, default `FIRST`. Whom cosines compare the others with.
        models: Path or None, default None. Folder to which models are written, to be used by several calls.

    Yields:
        A dict from name to `Running`.
    """
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        scratch, running = Path(temporary), {}
        for number, name in enumerate([first, *others]):
            contender = CONTENDERS[name]
            vectors, job = scratch / f"{number}.npy", scratch / f"{number}.json"
            settings = {
                "folder": str(assets.minilm_folder()),
                "model": str(contender.model(contender.precision, models or scratch)),
                "precision": contender.precision,
                "texts": texts,
                "batch_size": batch_size,
                "max_length": MAX_LENGTH,
                "threads": threads,
                "vectors": str(vectors),
            }
            job.write_text(json.dumps(settings))
            peer = stack.enter_context(Peer(contender.environment, HERE / contender.script, str(job), threads=threads))
            running[name] = Running(peer, vectors)
            print(f"  {name}: {running[name].versions}", flush=True)
        for one in running.values():
            one.peer.turn()
        yield running


def ratios_to_ours(seconds: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    """Return, for each contender, how many times as fast each of ours is: medians of the ratios within a round.

    Args:
        seconds: dict from name to what the work took, one number for each round.

    Returns:
        A dict from name to a dict from the names of ours to float.
    """
    ours = [name for name in seconds if name.startswith("tfbert")]
    return {
        name: {mine: statistics.median(other / own for other, own in zip(theirs, seconds[mine])) for mine in ours}
        for name, theirs in seconds.items()
    }


def cosines_to_first(running: dict[str, Running]) -> dict[str, np.ndarray]:
    """Return, for each contender, the cosine of each text's vector with the first contender's: float32 [N].

    Raises:
        SystemExit: If one is too low for float32.
    """
    vectors = {name: np.load(one.vectors) for name, one in running.items()}
    first = next(iter(vectors))
    cosines = {name: (own * vectors[first]).sum(axis=1) for name, own in vectors.items()}
    for name, own in cosines.items():
        if CONTENDERS[name].precision == "float32" and own.min() < LEAST_COSINE:
            raise SystemExit(f"{name} embeds otherwise than {first}: the lowest cosine is {own.min():.4f}.")
    return cosines


def lowest_cosines(running: dict[str, Running]) -> dict[str, float]:
    """Return the lowest of `cosines_to_first` for each contender; it raises as that does."""
    return {name: float(own.min()) for name, own in cosines_to_first(running).items()}
