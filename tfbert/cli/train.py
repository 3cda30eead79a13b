"""Fine-tune a text classifier from a table of texts and labels.

Example:
  tfbert train path/to/checkpoint --data reviews.csv --text review --label stars --output outputs/reviews
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tfbert.cli.text_rows import positive_integer, read_table, write_json_row


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="checkpoint folder to start from")
    parser.add_argument("--data", required=True, metavar="FILE", help=".csv, .tsv or .jsonl with a row for each text")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder for the trained checkpoint")
    parser.add_argument("--text", default="text", metavar="COLUMN", help="column of texts (default: text)")
    parser.add_argument("--text-pair", metavar="COLUMN", help="column of second texts, for pairs")
    parser.add_argument("--label", default="label", metavar="COLUMN", help="column of labels (default: label)")
    parser.add_argument("--problem-type", choices=["regression", "single_label_classification"], help="what labels are")
    parser.add_argument("--validation-data", metavar="FILE", help="table to validate on after each epoch")
    parser.add_argument("--validation-split", type=float, default=0.0, help="or share of the last rows, such as 0.1")
    parser.add_argument("--epochs", type=positive_integer, default=3, help="passes over the data (default: 3)")
    parser.add_argument("--batch-size", type=positive_integer, default=16, help="texts a step (default: 16)")
    parser.add_argument("--learning-rate", type=float, default=5e-5, help="peak learning rate (default: 5e-5)")
    parser.add_argument("--max-length", type=positive_integer, help="longest input in tokens")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights, shuffling and dropout (default: 0)")
    parser.add_argument("--export", metavar="DIR", help="write a SavedModel there, too")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def run(options: argparse.Namespace) -> None:
    """Train, save and print the metrics of the last epoch."""
    import sys

    import keras

    from tfbert.tasks import TextClassifier

    if options.export and Path(options.export).exists():
        raise FileExistsError(f"{options.export!r} exists already. Choose the next version number.")
    texts, labels = _texts_and_labels(options.data, options)
    validation = _texts_and_labels(options.validation_data, options) if options.validation_data else None
    keras.utils.set_random_seed(options.seed)
    overrides = {"problem_type": options.problem_type} if options.problem_type else {}
    classifier = TextClassifier.from_pretrained(options.model, max_length=options.max_length, **overrides)
    classifier.default_learning_rate = options.learning_rate
    history = classifier.fit(
        texts,
        labels,
        batch_size=options.batch_size,
        epochs=options.epochs,
        validation_data=validation,
        validation_split=options.validation_split,
        verbose=0 if options.json else "auto" if sys.stdout.isatty() else 2,
    )
    classifier.save_pretrained(options.output)
    if options.export:
        classifier.export(options.export)
    result = {name: values[-1] for name, values in history.history.items()}
    if options.json:
        write_json_row({"output": options.output, **result})
    else:
        print(f"Saved to {options.output}: " + ", ".join(f"{name} {value:.4f}" for name, value in result.items()))


def _texts_and_labels(path, options):
    """Columns of text and the labels: numbers for a regression, names for classes."""
    names = {"text": options.text, "text_pair": options.text_pair}
    names = {key: column for key, column in names.items() if column}
    table = read_table(path, [*names.values(), options.label], needed=[options.label])
    labels = table[options.label]
    for row, label in enumerate(labels, start=1):
        if not isinstance(label, str | int | float):
            raise ValueError(f"{path!r} must hold one label in row {row}. Received: {label!r}.")
    if options.problem_type == "regression":
        labels = [_number(path, row, label) for row, label in enumerate(labels, start=1)]
    else:
        labels = [str(label) for label in labels]  # in JSON a class may be a number; here it is a name
    return {key: table[column] for key, column in names.items()}, labels


def _number(path, row, label) -> float:
    try:
        return float(label)
    except ValueError as error:
        raise ValueError(f"{path!r} must hold a number under the label in row {row}. Received: {label!r}.") from error
