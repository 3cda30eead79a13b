"""What all benchmarks do with their figures: say on which machine, write them as JSON, draw them as bars."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OURS, OTHERS = "#1f6fb2", "#b8b8b8"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `write_report` reads."""
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    parser.add_argument(
        "--chart", metavar="FILE.png", help="draw them there, too (needs matplotlib, the extra `plots`)"
    )


def machine() -> dict[str, Any]:
    """Return the processor's name, the number of cores and the version of Python."""
    cpu_info = Path("/proc/cpuinfo")
    lines = cpu_info.read_text().splitlines() if cpu_info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return {"processor": name, "cores": os.cpu_count(), "python": platform.python_version()}


def ratios_line(name: str, ratios: Mapping[str, float]) -> str:
    """Return how many times as fast others are as the contender of that name."""
    return "".join(f"  {other} {ratio:.2f} x" for other, ratio in ratios.items() if other != name)


def write_report(args: argparse.Namespace, result: Mapping[str, Any], bars: Mapping[str, float], title: str) -> None:
    """Write the result where `--json` says and the bars where `--chart` says."""
    if args.json:
        Path(args.json).parent.mkdir(parents=True, exist_ok=True)
        Path(args.json).write_text(json.dumps({"machine": machine(), **result}, indent=2) + "\n")
    if args.chart:
        Path(args.chart).parent.mkdir(parents=True, exist_ok=True)
        draw_bars(args.chart, bars, title)


def draw_bars(path: str, bars: Mapping[str, float], title: str) -> None:
    """Draw a bar for each value, those of tfbert in another colour."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 0.36 * len(bars) + 1.2), layout="constrained")
    axes = figure.add_subplot()
    colors = [OURS if name.startswith("tfbert") else OTHERS for name in bars]
    axes.bar_label(axes.barh(list(bars), list(bars.values()), color=colors), fmt="{:,.4g}", padding=3)
    axes.set_title(title, loc="left")
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
