"""Compare the exact tokenizer with Hugging Face's Rust library over all of Unicode and text of hundreds of languages.

    python -m scripts.parity                         # everything, about 15 minutes on two cores
    python -m scripts.parity --sample 1000           # a fixed sample of each category
    python -m scripts.parity --vocabulary uncased --category fuzz --category hangul

Exit status 1 if ids differ for any text, or offsets for one whose combining marks need no reordering.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from scripts.parity import corpora, natural_texts, odd_texts, unicode_texts
from scripts.parity.compare import ALL_OPTIONS, Layer, Options, Reference, Result, compare
from scripts.parity.report import Report
from scripts.parity.vocabularies import VOCABULARIES, adversarial

Sides = tuple[Layer, Reference, Options]

OFFSETS_OF_CODE_POINTS = "uncased"
WITH_OPTIONS, ADVERSARIAL = "multilingual x options", "adversarial x options"
OF_PIECES = "pieces put together"  # the one category that depends on the vocabulary
N_ADVERSARIAL = 96
SAMPLE, LONGEST = 500, 20_000  # texts of each category for each combination of options, and their characters


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts.parity", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sample", type=int, metavar="N", help="at most N texts of each category, always the same ones"
    )
    names = [*VOCABULARIES, "options", "adversarial"]
    parser.add_argument(
        "--vocabulary", action="append", choices=names, help="may be given more than once; default: all"
    )
    categories = [*corpora.CATEGORIES, OF_PIECES]
    parser.add_argument("--category", action="append", choices=categories, help="likewise")
    parsed = parser.parse_args(arguments)
    parsed.vocabulary, parsed.category = parsed.vocabulary or names, parsed.category or categories
    return parsed


def sides(vocabulary: list[str], options: Options) -> Sides:
    """Return both implementations with the same vocabulary and options."""
    return Layer(vocabulary, options), Reference(vocabulary, options), options


def run(report: Report, pair: Sides, texts: corpora.Texts, with_offsets: bool = True) -> Result:
    """Compare, and print what went wrong."""
    ours, reference, options = pair
    result = compare(ours, reference, texts, options, with_offsets)
    report.show(result, ours, reference, options)
    return result


def full_runs(wanted: argparse.Namespace, report: Report) -> dict[str, corpora.Texts]:
    """Compare all texts under the three large vocabularies; return the samples for the other runs."""
    made = {name: (make(), options) for name, (make, options) in VOCABULARIES.items() if name in wanted.vocabulary}
    pairs = {name: sides(vocabulary, options) for name, (vocabulary, options) in made.items()}
    samples = {}
    for category in wanted.category:
        texts = []
        if category != OF_PIECES:
            texts = corpora.sample(corpora.CATEGORIES[category](), wanted.sample)
        samples[category] = [text[:LONGEST] for text in corpora.sample(texts, SAMPLE, seed=1)]
        if category in corpora.CODE_POINTS and wanted.sample is None:
            samples[category] += unicode_texts.lively_blocks(texts)
        for name, pair in pairs.items():
            if category == OF_PIECES:
                texts = odd_texts.of_pieces(made[name][0], wanted.sample or 50_000)
            start = time.monotonic()
            with_offsets = category not in corpora.CODE_POINTS or name == OFFSETS_OF_CODE_POINTS
            report.add(category, name, run(report, pair, texts, with_offsets), time.monotonic() - start)
    return samples


def sampled_runs(name: str, cases: list[tuple[list[str], Options]], samples: dict, report: Report) -> None:
    """Compare the samples under many small cases; each row of the table sums up all cases."""
    results = {category: Result() for category in samples}
    seconds = dict.fromkeys(samples, 0.0)
    for vocabulary, options in cases:
        pair = sides(vocabulary, options)
        for category, texts in samples.items():
            start = time.monotonic()
            if category == OF_PIECES:
                texts = odd_texts.of_pieces(vocabulary, 2 * SAMPLE)
            results[category] += run(report, pair, texts)
            seconds[category] += time.monotonic() - start
    for category, result in results.items():
        report.add(category, name, result, seconds[category])


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for and return the exit status."""
    wanted, start = parse(arguments), time.monotonic()
    guide = "there" if natural_texts.guide_is_there() else "not to be had here (Debian's apt-get fetches it), left out"
    print(f"Debian's installation guide: {guide}. Django's translations and Babel's locale data: there.")
    print(f"Offsets of the code points are compared under the {OFFSETS_OF_CODE_POINTS} vocabulary only.")
    print(
        f"'x options': {SAMPLE} texts of each category, and the code points of lively blocks, for each of the\n"
        f"{len(ALL_OPTIONS)} combinations of options under one vocabulary, and for {N_ADVERSARIAL} random vocabularies "
        "that go through all combinations in turn.\n"
    )
    report = Report()
    samples = full_runs(wanted, report)
    if "options" in wanted.vocabulary:
        vocabulary = VOCABULARIES["multilingual"][0]()
        sampled_runs(WITH_OPTIONS, [(vocabulary, options) for options in ALL_OPTIONS], samples, report)
    if "adversarial" in wanted.vocabulary:
        cases = [(adversarial(seed), ALL_OPTIONS[seed % len(ALL_OPTIONS)]) for seed in range(N_ADVERSARIAL)]
        sampled_runs(ADVERSARIAL, cases, samples, report)
    return report.close(time.monotonic() - start)


if __name__ == "__main__":
    sys.exit(main())
