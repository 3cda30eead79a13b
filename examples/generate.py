"""TextGenerator: a small decoder from scratch, which learns a few lines by heart and goes on with them.

python examples/generate.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


LINES = [
    "the cat sat on the mat and looked at the moon",
    "a dog ran over the hill to find its old friend",
    "we went to the sea and swam until the sun was gone",
]


def main() -> None:
    import keras

    from tfbert import BertConfig, TFBertLMHeadModel, TFBertTokenizer
    from tfbert.tasks import TextGenerator

    keras.utils.set_random_seed(0)
    pieces = sorted({piece for line in LINES for piece in line.split()})
    tokenizer = TFBertTokenizer(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *pieces], max_length=32, add_special_tokens=False
    )
    config = BertConfig(
        vocab_size=tokenizer.vocab_size, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=128, max_position_embeddings=64, is_decoder=True,
    )  # fmt: skip
    generator = TextGenerator(TFBertLMHeadModel(config), tokenizer, max_new_tokens=8)
    generator.compile(keras.optimizers.Adam(3e-3))
    generator.fit(LINES * 8, batch_size=8, epochs=20, verbose=0)
    for prompt in ("the cat sat", "a dog ran", "we went to the"):
        print(generator.predict([prompt], verbose=0)["generated_text"][0])


if __name__ == "__main__":
    main()
