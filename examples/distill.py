"""Distillation: the 91 MB model of examples/sentiment.py teaches one of less than 5 MB, which runs many times as fast.

    python examples/distill.py                  # about six minutes on two cores
    python examples/distill.py --seeds 0 1 2    # three students of one teacher

The student sees no label: it learns what the teacher says of the training tweets, of tweets made from them, of other
texts and of single words. No held-out tweet is among them. Its table of words begins as what the teacher makes of each.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from examples import assets  # noqa: E402
from examples.sentiment import OUTPUT as TEACHER  # noqa: E402
from examples.sentiment import split_tweets  # noqa: E402

OUTPUT = ROOT / "outputs" / "distilled"
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
NEIGHBOURS = 15


def teacher_task():
    """The fine-tuned MiniLM; trained now if it is not there."""
    from tfbert.tasks import TextClassifier

    if not (TEACHER / "checkpoint").is_dir():
        subprocess.run([sys.executable, str(ROOT / "examples" / "sentiment.py"), "--again"], check=True)
    return TextClassifier.from_pretrained(TEACHER / "checkpoint", max_length=128)


# === What the teacher is asked about ===


def transfer_texts(teacher, copies: int) -> list[str]:
    """Tweets that are not held out, `copies` new ones made from each, VADER's other texts, and its rated words."""
    held_out = set(split_tweets()[1])
    tweets = [text for text in dict.fromkeys(assets.rated_texts("tweets")[0]) if text not in held_out]
    others = [text for name in assets.RATED_SETS[1:] for text in assets.rated_texts(name)[0]]
    words = assets.rated_words()[0]
    texts = [*tweets, *new_tweets(tweets, copies, words, neighbours(teacher, tweets)), *others, *words]
    return [text for text in dict.fromkeys(texts) if text not in held_out]


def new_tweets(tweets, copies: int, words, alike: dict[str, list[str]], seed: int = 0) -> list[str]:
    """Tweets with some words replaced by words alike or by rated ones, and some ends by those of other tweets."""
    draw = np.random.default_rng(seed)
    made = []
    for tweet in tweets * copies:
        parts = tweet.split()
        if draw.random() < 0.3:
            other = tweets[draw.integers(len(tweets))].split()
            parts = parts[: draw.integers(1, len(parts) + 1)] + other[draw.integers(len(other)) :]
        for place, part in enumerate(parts):
            chance, core = draw.random(), re.sub(r"\W", "", part).lower()
            if chance < 0.08:
                parts[place] = words[draw.integers(len(words))]
            elif chance < 0.33 and core in alike:
                parts[place] = alike[core][draw.integers(len(alike[core]))]
        made.append(" ".join(parts))
    return made


def neighbours(teacher, texts) -> dict[str, list[str]]:
    """For each word of the texts the words whose embeddings are nearest, as TinyBERT augments its data."""
    pieces = teacher.tokenizer.token_table.tokens
    ids = [index for index, piece in enumerate(pieces) if re.fullmatch(r"[a-z]{3,}", piece)]
    table = np.asarray(teacher.model.bert.embeddings.weight)[ids]
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    found = set(re.findall(r"[a-z]+", " ".join(texts).lower()))
    rows = [row for row, index in enumerate(ids) if pieces[index] in found]
    nearest = np.argsort(-(table[rows] @ table.T), axis=1)[:, 1 : NEIGHBOURS + 1]
    return {pieces[ids[row]]: [pieces[ids[each]] for each in near] for row, near in zip(rows, nearest)}


# === The student ===


def make_student(teacher, texts, vocab_size: int, width: int, layers: int):
    """A small BERT with the teacher's commonest pieces, whose word table begins as the teacher's view of them."""
    from tfbert import BertConfig, TFBertForSequenceClassification
    from tfbert.layers import FastBertTokenizer
    from tfbert.tasks import TextClassifier

    ids = commonest_pieces(teacher, texts, vocab_size)
    config = BertConfig(
        vocab_size=len(ids),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=4 * width,
        max_position_embeddings=128,
        id2label=teacher.config.id2label,
    )
    model = TFBertForSequenceClassification(config)
    model.bert.embeddings.weight.assign(principal_parts(views_of_pieces(teacher, ids), width))
    tokens = teacher.tokenizer.token_table.tokens
    return TextClassifier(model, FastBertTokenizer([tokens[index] for index in ids], max_length=128))


def commonest_pieces(teacher, texts, count: int) -> list[int]:
    """Ids of the special tokens, of ASCII's characters, and of the pieces that occur most often in the texts."""
    tokens = teacher.tokenizer.token_table.tokens
    seen = collections.Counter(teacher.tokenizer.tokenize(texts).flat_values.numpy().tolist())
    special = [tokens.index(token) for token in SPECIAL]
    letters = [index for index, token in enumerate(tokens) if len(token.removeprefix("##")) == 1 and token.isascii()]
    chosen = list(dict.fromkeys([*special, *letters, *(index for index, _ in seen.most_common())]))[:count]
    return special + sorted(set(chosen) - set(special))


def views_of_pieces(teacher, ids) -> list[np.ndarray]:
    """What the teacher makes of each piece alone: its embedding, and hidden states half-way and at the end."""
    tokens = teacher.tokenizer.token_table.tokens
    first, last = tokens.index("[CLS]"), tokens.index("[SEP]")
    states = []
    for part in np.array_split(np.asarray(ids), -(-len(ids) // 512)):
        rows = np.stack([np.full_like(part, first), part, np.full_like(part, last)], axis=1).astype(np.int32)
        layers = teacher.model(rows, output_hidden_states=True).hidden_states
        half = len(layers) // 2
        states.append([layers[-1][:, 0], layers[-1][:, 1], layers[half][:, 1]])
    return [np.asarray(teacher.model.bert.embeddings.weight)[ids], *map(np.concatenate, zip(*states))]


def principal_parts(views: list[np.ndarray], width: int) -> np.ndarray:
    """The first principal components of all views, each of which counts alike, scaled as new tables are."""
    centred = [view - view.mean(axis=0) for view in views]
    joined = np.concatenate([view / np.sqrt(view.var(axis=0).sum()) for view in centred], axis=1)
    _, directions = np.linalg.eigh(joined.T @ joined)  # by rising share
    parts = joined @ directions[:, : -width - 1 : -1]
    return (0.05 * parts / parts.std()).astype(np.float32)


# === Training, and what came of it ===


def distil(teacher, texts, answers, seed: int, args):
    """Return a student that learned the teacher's answers."""
    import keras

    from tfbert.tasks import Distiller
    from tfbert.training import BertAdamW, LinearWarmup

    keras.utils.set_random_seed(seed)
    student = make_student(teacher, texts, args.vocab_size, args.width, args.layers)
    distiller = Distiller(student, teacher, temperature=args.temperature)
    steps = -(-len(texts) // args.batch_size) * args.epochs
    distiller.compile(BertAdamW(LinearWarmup(args.learning_rate, total_steps=steps), global_clipnorm=1.0))
    known = {"teacher": answers}
    distiller.fit(texts, known, batch_size=args.batch_size, epochs=args.epochs, group_by_length=True, verbose=2)
    return student


def accuracy(task, texts, labels) -> float:
    return float(np.mean(task.predict(texts, verbose=0)["label"] == labels))


def texts_per_second(task, texts) -> float:
    """The rate of the faster of two runs, after one that traces."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        task.predict(texts, verbose=0)
        seconds.append(time.perf_counter() - start)
    return len(texts) / min(seconds[1:])


def megabytes(folder: Path) -> float:
    return (folder / "model.safetensors").stat().st_size / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--copies", type=int, default=14, help="new tweets made from each")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1.5e-3)
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--vocab-size", type=int, default=15_000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--layers", type=int, default=2)
    args = parser.parse_args()
    start = time.monotonic()
    teacher = teacher_task()
    _, held_out, _, labels = split_tweets()
    texts = transfer_texts(teacher, args.copies)
    answers = teacher.predict(texts, batch_size=64, verbose=2)["logits"]  # once for all students
    rows = [("teacher", teacher, TEACHER / "checkpoint")]
    for seed in args.seeds:
        student = distil(teacher, texts, answers, seed, args)
        folder = OUTPUT / f"seed_{seed}"
        student.save_pretrained(folder)
        rows.append((f"student, seed {seed}", student, folder))
    record = {"texts": len(texts), "seconds": round(time.monotonic() - start), "models": []}
    print(f"\n{len(texts)} texts without labels, {record['seconds']} s; accuracy on {len(held_out)} held-out tweets")
    print(f"{'':18} accuracy      MB   texts/s")
    for name, task, folder in rows:
        figures = accuracy(task, held_out, labels), megabytes(folder), texts_per_second(task, held_out)
        print("{:18} {:8.3f} {:7.2f} {:9.0f}".format(name, *figures))
        record["models"].append(dict(zip(("name", "accuracy", "megabytes", "texts_per_second"), (name, *figures))))
    (OUTPUT / "record.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
