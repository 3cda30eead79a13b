"""Entry point of the `tfbert` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tfbert.cli import (
    ask,
    convert,
    embed,
    export,
    fill,
    inspect,
    predict,
    pretrain,
    serve,
    train,
    train_tokenizer,
    verify,
)
from tfbert.cli.text_rows import UsageError
from tfbert.version import __version__

COMMANDS = (train, pretrain, train_tokenizer, predict, embed, ask, fill, export, convert, inspect, serve, verify)
FAILURE = 1
USAGE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: List of str. Default: those of the process.

    Returns:
        int. 0 for success, 1 for a failure, 2 for a command that cannot be understood.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes are not our answer
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # as the input is, whatever the locale
    parser = make_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and hasattr(options, "texts") and not any(text.startswith("-") for text in rest):
        options.texts += rest  # argparse gives up on texts that come after an option
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        options.run(options)
        sys.stdout.flush()
    except UsageError as error:
        parser.print_usage(sys.stderr)
        print(f"tfbert: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except Exception as error:
        if options.traceback:
            raise
        print(f"tfbert: {error}", file=sys.stderr)
        return FAILURE
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Return the parser with every command."""
    parser = argparse.ArgumentParser(
        prog="tfbert", description="BERT from raw string to answer in one TensorFlow model."
    )
    parser.add_argument("--version", action="version", version=f"tfbert {__version__}")
    parser.add_argument("--traceback", action="store_true", help="show where a failure came from")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        name = module.__name__.rpartition(".")[2].replace("_", "-")
        summary, _, example = (module.__doc__ or "").partition("\n\n")
        command = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=example,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
