"""How fast the encoder is on a GPU, beside PyTorch, on a machine that needs no TensorFlow.

    python examples/benchmarks/gpu.py export FOLDER     # where tfbert is installed, with or without a GPU
    python examples/benchmarks/gpu.py run FOLDER        # where JAX is, and if PyTorch is to take part, that

The first step lowers the padded encoder to StableHLO, one module for each batch, length and precision, and writes the
weights once, some texts, and what TensorFlow makes of them in float32. `--config base` takes random weights, as good
for timing, which are not written but drawn again. That folder and `examples/benchmarks` are all that the second step
needs; it imports JAX and NumPy, and neither TensorFlow nor Keras nor tfbert:

    pip install "jax[cuda13]"                           # or jax[cpu], to try it without a GPU
    python examples/benchmarks/gpu.py run FOLDER --shapes 1x128 32x128 256x512 --json gpu.json --chart gpu.png

It compiles each module by XLA for JAX's first device, compares its numbers with TensorFlow's, and times it: calls in a
row, of which only the last is waited for, weights and ids on the device. A product of two large matrices takes turns
with it, for the share of the peak; so does the same encoder in PyTorch with fused attention, and compiled, where
PyTorch sees the same device. Ratios are medians of the ratios within a round. Floating point operations are those of
the dense layers, the scores and the contexts, padding included. At last it says what XLA fused.

In bfloat16 weights are bfloat16, too, as in PyTorch: under "mixed_bfloat16" modules would take float32 ones and cast
every matrix anew in each run. Sums of the softmax and of layer normalisation are float32 under either policy. Modules
in float32 ask for the highest precision: without that a GPU rounds the factors of products to 10 bits.

PyTorch compiles anew for each shape, which takes longest: `--peers "PyTorch SDPA"` goes without. On a CPU the two
libraries' threads are in each other's way: there ratios say nothing, and `throughput.py` is the benchmark.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from examples.benchmarks.gpu_encoder.turns import PEERS  # noqa: E402
from examples.benchmarks.report import add_options  # noqa: E402

DTYPES = ("bfloat16", "float32")


def parser() -> argparse.ArgumentParser:
    """Return the parser of both steps; imports are left to the step that is taken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    steps = parser.add_subparsers(dest="step", required=True)
    first = steps.add_parser("export", help="lower the encoder by TensorFlow")
    first.add_argument("folder", metavar="FOLDER")
    source = first.add_mutually_exclusive_group()
    source.add_argument("--model", metavar="FOLDER", help="of a checkpoint; all-MiniLM-L6-v2 where nothing is said")
    source.add_argument("--config", choices=("base", "large"), help="random weights in a BERT of that size")
    first.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32, 128, 256])
    first.add_argument("--lengths", type=int, nargs="+", default=[32, 64, 128, 256, 512])
    first.add_argument("--dtype", nargs="+", choices=DTYPES, default=list(DTYPES))
    second = steps.add_parser("run", help="run it by JAX")
    second.add_argument("folder", metavar="FOLDER")
    second.add_argument("--shapes", nargs="+", metavar="BATCHxLENGTH", help="those only")
    second.add_argument("--dtype", nargs="+", choices=DTYPES, help="those only")
    second.add_argument("--rounds", type=int, default=5)
    second.add_argument("--seconds", type=float, default=0.2, help="of a turn, at least")
    second.add_argument("--peak-size", type=int, default=8192, help="rows of the matrices that show the peak")
    second.add_argument(
        "--peers", nargs="*", choices=PEERS, default=list(PEERS), metavar="NAME", help=f"of: {'; '.join(PEERS)}"
    )
    second.add_argument(
        "--compile-mode", default="reduce-overhead", help="of torch.compile; this one takes CUDA graphs"
    )
    add_options(second)
    return parser


def main(arguments: list[str] | None = None) -> None:
    args = parser().parse_args(arguments)
    if args.step == "run":
        from examples.benchmarks.gpu_encoder.second_step import run

        run(args)
        return
    from examples import assets
    from examples.benchmarks.gpu_encoder.first_step import CONFIGS, export

    model = CONFIGS[args.config] if args.config else args.model or assets.minilm_folder()
    bundle = export(args.folder, model, args.batches, args.lengths, args.dtype)
    size = sum(path.stat().st_size for path in bundle.folder.iterdir())
    print(f"{len(bundle.manifest['modules'])} modules in {bundle.folder}, {size / 1e6:.1f} MB in all")


if __name__ == "__main__":
    main()
