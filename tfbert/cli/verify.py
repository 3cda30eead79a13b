"""Check a serving bundle, a model's versions or one of them as a server would find it; exit code 1 where one fails.

Example:
  tfbert verify models
  tfbert verify models/sentiment/2 --json
"""

from __future__ import annotations

import argparse
import dataclasses

from tfbert.cli.text_rows import write_json_row


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("folder", metavar="DIR", help="bundle, model's folder of versions, or version folder")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def run(options: argparse.Namespace) -> None:
    """Print what each check found."""
    from tfbert.export.serving.verify_bundle import FAILED, verify_bundle

    results = []
    for result in verify_bundle(options.folder):
        results.append(result)
        if not options.json:
            print(f"{result.status:8} {result.where:24} {result.name:16} {result.detail}", flush=True)
    failed = [result for result in results if result.status == FAILED]
    if options.json:
        write_json_row({"ok": not failed, "checks": [dataclasses.asdict(result) for result in results]})
    if failed:
        raise ValueError(f"{len(failed)} of {len(results)} checks failed.")
