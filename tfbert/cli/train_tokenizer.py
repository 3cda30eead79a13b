"""Learn a vocabulary from text files, and write the tokenizer's folder.

Example:
  tfbert train-tokenizer corpus/*.txt --output my-tokenizer --vocab-size 30000
"""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="text in UTF-8")
    parser.add_argument("--output", metavar="DIR", required=True, help="folder of the tokenizer, made if missing")
    parser.add_argument("--vocab-size", type=int, default=30_522, metavar="N", help="number of pieces (%(default)s)")
    parser.add_argument(
        "--min-frequency", type=int, default=2, metavar="N", help="rarer pieces are left out (%(default)s)"
    )
    parser.add_argument("--limit-alphabet", type=int, default=1000, metavar="N", help="most characters (%(default)s)")
    parser.add_argument("--cased", action="store_true", help="keep upper case and accents")
    parser.add_argument("--max-length", type=int, default=512, metavar="N", help="longest row in tokens (%(default)s)")


def run(options: argparse.Namespace) -> None:
    """Learn the vocabulary and write the folder."""
    from tfbert.layers import FastBertTokenizer
    from tfbert.training import train_vocabulary

    pieces = train_vocabulary(
        options.files,
        options.vocab_size,
        do_lower_case=not options.cased,
        min_frequency=options.min_frequency,
        limit_alphabet=options.limit_alphabet,
    )
    tokenizer = FastBertTokenizer(pieces, do_lower_case=not options.cased, max_length=options.max_length)
    tokenizer.save_pretrained(options.output)
    print(f"{len(pieces)} pieces in {options.output}")
