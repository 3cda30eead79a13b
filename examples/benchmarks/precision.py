"""What other forms and fewer bits cost and bring: accuracy, scores, vectors, megabytes and texts a second.

    python examples/benchmarks/precision.py            # trains the model of examples/sentiment.py if it is missing

The same weights in each of `PRECISIONS`, exported as a SavedModel, a LiteRT or an ONNX file and asked with strings.
Sentiment: the held-out tweets of examples/sentiment.py. Similarity: all-MiniLM-L6-v2 on Lee's 50 documents, whose
cosines are compared with what people say of every pair, and on 300 more news texts. The models take turns; a ratio is
the median over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from examples import assets  # noqa: E402
from examples.benchmarks.report import add_options, machine, write_report  # noqa: E402
from examples.sentiment import split_tweets, trained_checkpoint  # noqa: E402
from examples.similarity import judged_documents, texts_of  # noqa: E402
from tfbert.export.formats import FILE_FORMATS, open_file, size_of  # noqa: E402
from tfbert.export.formats import PRECISIONS as FILE_PRECISIONS  # noqa: E402
from tfbert.str_array import as_str_array  # noqa: E402

CALIBRATION = 200  # texts

Answers = dict[str, np.ndarray]
Answer = Callable[[list[str]], Answers]


def saved_model(path: Path, threads: int) -> Answer:
    """Return what asks a SavedModel; its threads are those of the process."""
    model = tf.saved_model.load(str(path))

    def answer(texts: list[str]) -> Answers:
        found = model.signatures["serving_default"](text=tf.constant(texts))
        return {name: as_str_array(value.numpy()) for name, value in found.items()}

    return answer


def exported_file(path: Path, threads: int) -> Answer:
    """Return what asks a LiteRT or an ONNX file."""
    return open_file(path, threads).predict


class Precision(NamedTuple):
    """How the weights are stored and multiplied.

    Args:
        dtype: str, default "float32". The Keras model's policy.
        suffix: str, default "". What the name of the export ends in.
        precision: str, default "float32". That of the export.
        opened: Function from the path of the export, and a number of threads, to what asks it.
    """

    dtype: str = "float32"
    suffix: str = ""
    precision: str = "float32"
    opened: Callable[[Path, int], Answer] = saved_model

    def export(self, task: Any, folder: Path, calibration: Sequence[str]) -> Path:
        """Write a task into a folder."""
        options: dict[str, Any] = {}
        if self.suffix:
            options = {"format": FILE_FORMATS[self.suffix], "precision": self.precision}
        if self.precision == "full_int8":
            options["calibration_texts"] = calibration
        return task.export(folder / f"model{self.suffix}", **options)


PRECISIONS = {
    "float32": Precision(),
    "mixed bfloat16": Precision("mixed_bfloat16"),
    "pure bfloat16": Precision("bfloat16"),
}
for suffix, precisions in ((".tflite", FILE_PRECISIONS), (".onnx", FILE_PRECISIONS[:-1])):
    for precision in precisions:
        name = f"{FILE_FORMATS[suffix]} {precision}"
        PRECISIONS[name] = Precision(suffix=suffix, precision=precision, opened=exported_file)
FIRST = "float32"


def measured(
    load: Callable, texts: list[str], calibration: Sequence[str], args: argparse.Namespace
) -> tuple[dict[str, Answers], dict[str, dict]]:
    """Export a task in each precision, and ask in turns: the answers of each, and its size and speed."""
    batches = [texts[first : first + args.batch_size] for first in range(0, len(texts), args.batch_size)]
    models: dict[str, Answer] = {}
    rows: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for name, precision in PRECISIONS.items():
            path = precision.export(load(dtype=precision.dtype), Path(temporary) / name, calibration)
            rows[name] = {"megabytes": size_of(path) / 1e6}
            models[name] = precision.opened(path, args.threads)
        answers = {name: joined([ask(batch) for batch in batches]) for name, ask in models.items()}  # warms up, too
        rates: dict[str, list[float]] = {name: [] for name in models}
        for _ in range(args.rounds):
            for name, ask in models.items():
                start = time.perf_counter()
                for batch in batches:
                    ask(batch)
                rates[name].append(len(texts) / (time.perf_counter() - start))
    for name, row in rows.items():
        row["texts/s"] = statistics.median(rates[name])
        row["ratio"] = statistics.median(own / first for own, first in zip(rates[name], rates[FIRST]))
    return answers, rows


def joined(parts: list[Answers]) -> Answers:
    """The answers of all batches."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def sentiment(args: argparse.Namespace) -> dict[str, dict]:
    """Labels of held-out tweets, and how far the score moves of the label that wins in float32."""
    from tfbert.tasks import TextClassifier

    seen, texts, _, labels = split_tweets()
    load = partial(TextClassifier.from_pretrained, trained_checkpoint())
    answers, rows = measured(load, texts, seen[:CALIBRATION], args)
    expected = np.array(labels, dtype=object)
    winners = answers[FIRST]["label"]
    for name, row in rows.items():
        moved = np.abs(score_of(answers[name], winners) - score_of(answers[FIRST], winners))
        row["accuracy"] = float(np.mean(answers[name]["label"] == expected))
        row["same_label"] = float(np.mean(answers[name]["label"] == winners))
        row["score_moves_at_most"], row["score_moves_on_average"] = float(moved.max()), float(moved.mean())
    return rows


def score_of(answers: Answers, labels: np.ndarray) -> np.ndarray:
    """The score that each row gives to its label: float32 [B]."""
    return answers["scores"][answers["labels"] == labels[:, None]].astype(np.float32)


def similarity(args: argparse.Namespace) -> dict[str, dict]:
    """Cosines of documents beside human judgements, and of each vector with the one in float32."""
    from tfbert.tasks import TextEmbedder
    from tfbert.training.metrics import SpearmanCorrelation

    documents, pairs, judged = judged_documents()
    load = partial(TextEmbedder.from_pretrained, assets.minilm_folder())
    answers, rows = measured(load, [*documents, *texts_of("lee_background.cor")], split_tweets()[0][:CALIBRATION], args)
    vectors = {name: unit_length(found["embedding"].astype(np.float64)) for name, found in answers.items()}
    for name, row in rows.items():
        of_documents = vectors[name][: len(documents)]
        metric = SpearmanCorrelation()
        metric.update_state(judged, (of_documents @ of_documents.T)[pairs])
        cosines = np.sum(vectors[name] * vectors[FIRST], axis=1)
        row["spearman"] = float(metric.result())
        row["lowest_cosine"], row["mean_cosine"] = float(cosines.min()), float(cosines.mean())
    return rows


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Vectors [B, D] scaled to length 1."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    add_options(parser)
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    print(machine())
    result = {"tensorflow": tf.__version__}
    bars = {}
    for experiment in (sentiment, similarity):
        rows = result[experiment.__name__] = experiment(args)
        print(experiment.__doc__)
        for name, row in rows.items():
            bars[f"{experiment.__name__}, {name}"] = row["texts/s"]
            print(f"  {name:20}", "  ".join(f"{what} {value:.5g}" for what, value in row.items()))
    write_report(args, result, bars, f"Texts a second in each precision, {args.threads} threads")


if __name__ == "__main__":
    main()
