"""The second step of `gpu.py`: check, time and report the modules of a folder; nothing here imports TensorFlow."""

from __future__ import annotations

import argparse
import importlib.util
import statistics
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from examples.benchmarks.gpu_encoder import with_jax
from examples.benchmarks.gpu_encoder.bundle import Bundle
from examples.benchmarks.gpu_encoder.fusions import summary
from examples.benchmarks.gpu_encoder.turns import Contender, interleaved
from examples.benchmarks.report import machine, ratios_line, write_report

LIMITS = {"float32": 1e-4, "bfloat16": 0.2}  # of the largest difference; hidden states reach from about -5 to 5
OURS, PEAK = "tfbert", "matrix product"


def run(args: argparse.Namespace) -> None:
    """Do what the command line of `gpu.py run` says.

    Raises:
        SystemExit: If there is no such module, or somebody's numbers are not TensorFlow's.
    """
    bundle = Bundle(args.folder)
    rows = chosen(bundle, args.shapes, args.dtype)
    about = {"device": with_jax.DEVICE.device_kind, "jax": with_jax.jax.__version__}
    about.update((name, bundle.manifest[name]) for name in ("model", "config", "versions"))
    print(machine())
    print(f"JAX {about['jax']} on {about['device']}; {about['model']}, lowered by {about['versions']}")
    if with_jax.DEVICE.platform == "cpu":
        print("There is no GPU: this shows that all works; how fast a CPU is, throughput.py says.")
    torch_side = pytorch(args.peers)
    runs, kernels, wrong = [], {}, []
    for dtype in dict.fromkeys(row["dtype"] for row in rows):
        weights, (peak, flop) = with_jax.weights_of(bundle, dtype), with_jax.matrix_product(args.peak_size, dtype)
        torch_encoder = torch_side and torch_side.Encoder(bundle).prepared(dtype, with_jax.DEVICE.platform != "cpu")
        for row in (row for row in rows if row["dtype"] == dtype):
            encoder = with_jax.Encoder(bundle, row, weights)
            contenders = {OURS: encoder.contender()}
            if torch_side:
                contenders |= torch_side.contenders(torch_encoder, bundle, row, args.peers, args.compile_mode)
            differences = {name: difference(bundle, row, one) for name, one in contenders.items()}
            wrong += [f"{name} {dtype} {shape_of(row)}" for name, far in differences.items() if far > LIMITS[dtype]]
            seconds = interleaved({PEAK: peak, **contenders}, args.rounds, args.seconds)
            runs.append({**row, **figures(row, seconds, flop, differences)})
            print_figures(runs[-1])
        kernels[dtype] = {"shape": shape_of(row), **summary(encoder.hlo())}
        for part in ("kernels", "in fusions"):
            counts = ", ".join(f"{count} {name}" for name, count in kernels[dtype][part].items())
            print(f"XLA's {part}, {dtype} {shape_of(row)}: {counts}")
    drawn = [one for one in runs if (one["dtype"], one["length"]) == (rows[0]["dtype"], rows[-1]["length"])]
    bars = {f"{name}, batch {one['batch']}": own["tflops"] for one in drawn for name, own in one["contenders"].items()}
    title = f"TFLOP/s, {rows[0]['dtype']}, {rows[-1]['length']} tokens, {about['device']}"
    write_report(args, {**about, "runs": runs, "xla": kernels}, bars, title)
    if wrong:
        raise SystemExit(f"Hidden states differ from TensorFlow's by more than {LIMITS}: {', '.join(wrong)}.")


def chosen(bundle: Bundle, shapes: Sequence[str] | None, dtypes: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the manifest's modules of those shapes and dtypes; None takes all."""
    rows = [
        row
        for row in bundle.manifest["modules"]
        if shape_of(row) in (shapes or [shape_of(row)]) and row["dtype"] in (dtypes or [row["dtype"]])
    ]
    missing = sorted(set(shapes or []) - {shape_of(row) for row in rows})
    if missing or not rows:
        there = ", ".join(f"{row['dtype']} {shape_of(row)}" for row in bundle.manifest["modules"])
        raise SystemExit(f"Nothing in {bundle.folder} is {' or '.join(missing or dtypes or [])}. It has: {there}.")
    return rows


def shape_of(row: Mapping[str, Any]) -> str:
    """Batch and length as the command line names them."""
    return f"{row['batch']}x{row['length']}"


def pytorch(peers: Sequence[str]) -> ModuleType | None:
    """Return PyTorch's side, or None after a line that says why it takes no part."""
    if not peers:
        return None
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is left out: it is not installed here.")
        return None
    from examples.benchmarks.gpu_encoder import with_torch

    device, seen = with_jax.DEVICE, with_torch.name_of_gpu()
    if device.platform != "cpu" and seen != device.device_kind:
        print(f"PyTorch is left out: it sees {seen}, while JAX runs on {device.device_kind}.")
        return None
    print(f"PyTorch {with_torch.torch.__version__} on {device.device_kind}")
    return with_torch


def difference(bundle: Bundle, row: Mapping[str, Any], contender: Contender) -> float:
    """Return how far a contender's hidden states are from TensorFlow's."""
    return bundle.largest_difference(contender.read(contender.call()), row["length"])


def figures(
    row: Mapping[str, Any],
    seconds: Mapping[str, Sequence[float]],
    flop_of_peak: float,
    differences: Mapping[str, float],
) -> dict[str, Any]:
    """Return each contender's medians, and medians of the ratios within a round."""
    peaks = [flop_of_peak / one for one in seconds[PEAK]]
    contenders = {}
    for name, far in differences.items():
        own = seconds[name]
        median = statistics.median(own)
        contenders[name] = {
            "ms": 1e3 * median,
            "sequences/s": row["batch"] / median,
            "tflops": row["flop"] / median / 1e12,
            "share_of_peak": statistics.median(row["flop"] / one / peak for one, peak in zip(own, peaks)),
            "ratios": {OURS: statistics.median(one / mine for one, mine in zip(own, seconds[OURS]))},
            "largest_difference": far,
        }
    return {"peak_tflops": statistics.median(peaks) / 1e12, "contenders": contenders}


def print_figures(one: Mapping[str, Any]) -> None:
    """Print a line for each contender."""
    for name, own in one["contenders"].items():
        print(
            f"{one['dtype']:8} {shape_of(one):>7}  {name:22} {own['ms']:8.3f} ms  {own['sequences/s']:8.0f} sequences/s"
            f"  {own['tflops']:7.2f} TFLOP/s, {own['share_of_peak']:.2f} of {one['peak_tflops']:.4g}"
            f"  largest difference {own['largest_difference']:.1e}{ratios_line(name, own['ratios'])}",
            flush=True,
        )
