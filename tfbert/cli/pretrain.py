"""Pretrain a BERT from text files, or train one on with more text.

Files hold one or more sentences a line, and empty lines between documents.

Example:
  tfbert train-tokenizer corpus/*.txt --output my-tokenizer --vocab-size 8000
  tfbert pretrain --vocabulary my-tokenizer --data corpus/*.txt --output my-bert --epochs 3
  tfbert pretrain --init path/to/checkpoint --data reports.txt --output our-bert --steps 1000
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tfbert.cli.text_rows import UsageError, positive_integer, write_json_row

SHUFFLED = 10_000  # texts
SIZES = ("hidden_size", "num_layers", "num_heads", "intermediate_size")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--vocabulary", metavar="DIR", help="folder of a tokenizer, or its vocab.txt: a new model")
    start.add_argument("--init", metavar="CHECKPOINT", help="checkpoint folder to go on from")
    parser.add_argument("--data", required=True, nargs="+", metavar="FILE", help="text in UTF-8")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder for the trained checkpoint")
    parser.add_argument(
        "--validation-data", nargs="+", metavar="FILE", help="held-out text (default: each twentieth document)"
    )
    parser.add_argument("--hidden-size", type=positive_integer, help="width of a new model (default: 256)")
    parser.add_argument("--num-layers", type=positive_integer, help="its layers (default: 4)")
    parser.add_argument("--num-heads", type=positive_integer, help="its heads (default: hidden size / 64)")
    parser.add_argument("--intermediate-size", type=positive_integer, help="default: 4 x hidden size")
    parser.add_argument("--max-length", type=positive_integer, default=128, help="tokens of a row (default: 128)")
    parser.add_argument("--batch-size", type=positive_integer, default=32, help="rows a step (default: 32)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=positive_integer, default=3, help="passes over the data (default: 3)")
    length.add_argument("--steps", type=positive_integer, help="steps, instead of epochs; short data come again")
    parser.add_argument("--learning-rate", type=float, help="peak learning rate (default: 5e-4, with --init 5e-5)")
    parser.add_argument("--no-nsp", action="store_true", help="learn hidden words alone, not what follows")
    parser.add_argument("--whole-word-masking", action="store_true", help="hide words as wholes")
    parser.add_argument("--seed", type=int, default=0, help="seed of all that is random (default: 0)")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def run(options: argparse.Namespace) -> None:
    """Train, save, and print the perplexity of held-out text beside that of single pieces."""
    import keras

    from tfbert.cli.train_checkpoint import save_checkpoint
    from tfbert.training.unigram_perplexity import unigram_perplexity

    if options.init and any(getattr(options, name) for name in SIZES):
        raise UsageError("--init brings its own sizes: leave out --hidden-size and the like")
    keras.utils.set_random_seed(options.seed)
    task = _task(options)
    training, held_out = _sentences(options)
    for part in (training, held_out):
        next(iter(_rows(task, part)))  # refuses, before any work, documents of which no pairs can be made
    _fit(task, training, options)
    save_checkpoint(task, options.output)
    found = task.evaluate(_texts(task, held_out), batch_size=options.batch_size, verbose=0, return_dict=True)
    result = {name.removeprefix("prediction_logits_"): value for name, value in found.items()}
    single = unigram_perplexity(task.tokenizer, *(part.map(lambda texts, _: texts) for part in (training, held_out)))
    if options.json:
        write_json_row({"output": options.output, **result, "unigram_perplexity": single})
    else:
        print(
            f"Saved to {options.output}: perplexity {result['perplexity']:.1f} on held-out text, "
            f"where the frequencies of pieces alone have {single:.1f}"
        )


def _task(options: argparse.Namespace) -> Any:
    """A Pretrainer or a MaskFiller, from a checkpoint or new."""
    from tfbert import BertConfig, TFBertForMaskedLM, TFBertForPreTraining
    from tfbert.layers import FastBertTokenizer
    from tfbert.tasks import MaskFiller, Pretrainer

    task_class, model_class = (MaskFiller, TFBertForMaskedLM) if options.no_nsp else (Pretrainer, TFBertForPreTraining)
    own = {"whole_word_masking": options.whole_word_masking}
    if options.init:
        return task_class.from_pretrained(options.init, max_length=options.max_length, **own)
    path = Path(options.vocabulary)
    if path.is_file() and path.name != "vocab.txt":
        raise UsageError(f"--vocabulary takes the folder of a tokenizer, or its vocab.txt. Received: {path}")
    tokenizer = FastBertTokenizer.from_pretrained(
        path.parent if path.is_file() else path, max_length=options.max_length
    )
    hidden_size = options.hidden_size or 256
    config = BertConfig(
        vocab_size=len(tokenizer.token_table.tokens),
        hidden_size=hidden_size,
        num_hidden_layers=options.num_layers or 4,
        num_attention_heads=options.num_heads or max(1, hidden_size // 64),
        intermediate_size=options.intermediate_size or 4 * hidden_size,
        max_position_embeddings=options.max_length,
        pad_token_id=tokenizer.pad_token_id,
    )
    return task_class(model_class(config), tokenizer, **own)


def _sentences(options: argparse.Namespace) -> tuple[Any, Any]:
    """Sentences to train on, and held-out ones: of files of their own, or of each twentieth document."""
    from tfbert.tasks.labels.documents import count_documents, hold_out, read_sentences, share_to_hold_out

    needed = 1 if options.no_nsp else 2
    training = read_sentences(list(map(Path, options.data)))
    if options.validation_data:
        held_out = read_sentences(list(map(Path, options.validation_data)))
    else:
        training, held_out = hold_out(training, share_to_hold_out(training, needed))
    for part, name in ((training, "to train on"), (held_out, "to hold out")):
        if count_documents(part, needed) < needed:
            raise ValueError(
                f"There are too few documents {name}; {needed} or more are needed. Put an empty line between documents "
                f"or give --validation-data{'' if options.no_nsp else ' or --no-nsp'}."
            )
    return training, held_out


def _texts(task: Any, sentences: Any) -> Any:
    """What the task trains on: sentences for pairs, or texts of full length."""
    from tfbert.tasks.labels.sentence_pairs import full_texts

    return full_texts(sentences, task.tokenizer) if task.task_name == "fill-mask" else sentences


def _rows(task: Any, sentences: Any) -> Any:
    """The rows of one epoch."""
    from tfbert.tasks.labels.sentence_pairs import sentence_pairs
    from tfbert.training.callbacks.epochs import Epochs

    texts = _texts(task, sentences)
    return texts if task.task_name == "fill-mask" else sentence_pairs(texts, task.tokenizer, Epochs(seed=0))


def _fit(task: Any, sentences: Any, options: argparse.Namespace) -> None:
    """Train for the epochs or steps that were asked for, with warm-up and decay over them."""
    from tfbert.training import BertAdamW, LinearWarmup

    texts = _texts(task, sentences)
    if options.no_nsp:
        texts = texts.shuffle(SHUFFLED)
    if options.steps:  # as one epoch, since pairs are cut anew in each and may be fewer than in another
        length, steps = {"steps_per_epoch": options.steps}, options.steps
        texts = texts.repeat()
    else:
        length, rows = {"epochs": options.epochs}, int(_rows(task, sentences).reduce(0, lambda count, _: count + 1))
        steps = -(-rows // options.batch_size) * options.epochs
    peak = options.learning_rate or (5e-5 if options.init else 5e-4)
    optimizer = BertAdamW(LinearWarmup(peak, total_steps=steps), global_clipnorm=1.0)
    task.compile(optimizer=optimizer, metrics=task.default_metrics())
    verbose = 0 if options.json else "auto" if sys.stdout.isatty() else 2
    task.fit(texts, batch_size=options.batch_size, verbose=verbose, **length)
