"""A BERT from nothing but text: a vocabulary and a small model learned from Debian's installation guide, in minutes.

    python examples/pretrain.py        # needs the extra `vocabulary`, and apt to fetch the guide

What it prints beside the perplexity of hidden pieces is that of guessing by how often each piece occurs.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SMALL_WORDS = {"the", "of", "and", "to", "is", "you", "in", "for", "a", "be", "this", "that", "with"}


def is_english(text: str) -> bool:
    """Whether a paragraph is running English text: every fifth word or more is one of the commonest."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    return len(words) >= 8 and sum(word in SMALL_WORDS for word in words) > 0.2 * len(words)


def write_corpus(path: Path) -> int:
    """Write the English paragraphs of the guide, each a document; returns how many there are."""
    from scripts.parity.natural_texts import guide

    paragraphs = [" ".join(text.split()) for text in guide() if is_english(text)]
    if not paragraphs:
        raise SystemExit("Debian's installation guide could not be fetched: that takes apt-get, or a file in .cache.")
    path.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
    return len(paragraphs)


def train(corpus: Path, epochs: int, seed: int = 0) -> dict[str, float]:
    """Learn a vocabulary and a model of two layers; returns the perplexities of held-out paragraphs."""
    import keras

    from tfbert import BertConfig, TFBertForPreTraining
    from tfbert.layers import FastBertTokenizer
    from tfbert.tasks import Pretrainer
    from tfbert.tasks.labels.documents import hold_out, read_sentences
    from tfbert.training import BertAdamW, LinearWarmup, train_vocabulary
    from tfbert.training.unigram_perplexity import unigram_perplexity

    keras.utils.set_random_seed(seed)
    tokenizer = FastBertTokenizer(train_vocabulary(corpus, vocab_size=2000), max_length=64)
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 256}
    config = BertConfig(vocab_size=tokenizer.vocab_size, max_position_embeddings=64, **sizes)
    pretrainer = Pretrainer(TFBertForPreTraining(config), tokenizer)
    training, held_out = hold_out(read_sentences(corpus))
    steps = 62 * epochs  # about two thousand pairs in batches of 32
    optimizer = BertAdamW(LinearWarmup(3e-3, total_steps=steps), global_clipnorm=1.0)
    pretrainer.compile(optimizer=optimizer, metrics=pretrainer.default_metrics())
    pretrainer.fit(training, batch_size=32, epochs=epochs, verbose=2 if sys.stdout.isatty() else 0)
    found = pretrainer.evaluate(held_out, verbose=0, return_dict=True)
    pieces = unigram_perplexity(tokenizer, *(part.map(lambda texts, _: texts) for part in (training, held_out)))
    return {"model": found["prediction_logits_perplexity"], "frequencies": pieces}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(sys.argv[1:] if __name__ == "__main__" else [])
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "guide.txt"
        count = write_corpus(corpus)
        perplexity = train(corpus, options.epochs, options.seed)
    print(f"{count} paragraphs, one in twenty held out")
    print(f"perplexity by frequencies of pieces: {perplexity['frequencies']:.0f}")
    print(f"perplexity of the model:             {perplexity['model']:.0f}")


if __name__ == "__main__":
    main()
