"""The vocabularies under which texts are compared: a real one, two trained on many languages, and mean little ones."""

from __future__ import annotations

import collections
import itertools
import json
import os
import random
import unicodedata
from collections.abc import Callable, Iterable

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.trainers import WordPieceTrainer

from examples import assets
from scripts.parity import natural_texts
from scripts.parity.compare import Options
from scripts.parity.odd_texts import SPECIAL_TOKENS

# Each pool has characters that some step of either implementation takes in its own way.
POOLS = [
    "abcdefghij", "ABCÀÉİẞ", "àéßñøıſς", "0123456789٣५²½", "#", "[]", "¡¿«»…“”—·",
    "!\"$%&'()*+,-./:;<=>?@\\^_`{|}~", "\u2e48\u2e52\u2e5d\u061d\u0df4\u1b7d\U00010f86",
    "\u0301\u0327\u0345\u0303\u093c\u0f71", "\u07fd\u0898\u1df6\u1ac1", "\U0001d165\u302e\u302f\U00016ff0\u0f7c",
    "北京中国一龠", "\u3400\U0002b81f\U0002b820\U0002b91f\U0002b920\U0002f800\u3007", "あアｱー한국ᄀ\u1161\u11a8",
    "\ue000\uf8ff\U000f0000\U0010fffd", "\x01\x07\x11\x1b\x7f\x85\xad\u200b\u200d\ufeff",
    "\ufffd\ufffe\u0378\U000e0080", " \t\xa0\u3000\u2028", "אבגשعبक्षิกำไทย", "😀👍🏽\u20e3", "ﬁ™ＡＢ㎏①Ω",
]  # fmt: skip


def uncased() -> list[str]:
    """Return the 30,522 pieces of bert-base-uncased, from a model on PyPI."""
    return (assets.minilm_folder() / "vocab.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")


def multilingual() -> list[str]:
    """Return 20,000 cased pieces trained on text of all languages."""
    return _cached("parity-multilingual.json", lambda: trained(_all_languages(), 20_000))


def large() -> list[str]:
    """Return at least 100,000 cased pieces: trained ones, and if there are too few, whole words of the same text."""

    def compose() -> list[str]:
        pieces = dict.fromkeys(trained(_all_languages(), 120_000))
        if len(pieces) < 120_000:
            split = BertPreTokenizer().pre_tokenize_str
            pieces.update(
                dict.fromkeys(word for text in _all_languages() for word, _ in split(text) if len(word) <= 40)
            )
        return list(pieces)[:120_000]

    return _cached("parity-large.json", compose)


def trained(texts: Iterable[str], size: int) -> list[str]:
    """Return the pieces that the library's own trainer finds in the texts, cased; ties fall differently at each call.

    Args:
        texts: iterable of str.
        size: int. At most so many pieces.
    """
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    trainer = WordPieceTrainer(
        vocab_size=size, min_frequency=1, special_tokens=list(SPECIAL_TOKENS), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return sorted(vocabulary := tokenizer.get_vocab(), key=vocabulary.__getitem__)


def composed(texts: Iterable[str], size: int) -> list[str]:
    """Return frequent characters and random parts of the texts; unlike a trained one the same every time.

    Args:
        texts: iterable of str.
        size: int. How many pieces; up to half of them are characters.
    """
    rng = random.Random(0)
    words = [
        word for text in texts for form in (text, unicodedata.normalize("NFD", text).lower()) for word in form.split()
    ]
    frequent = collections.Counter(itertools.chain.from_iterable(words)).most_common(size // 4)
    pieces = dict.fromkeys([*SPECIAL_TOKENS, *(prefix + c for c, _ in frequent if c != "\0" for prefix in ("", "##"))])
    while len(pieces) < size:
        word = rng.choice(words)
        first = rng.randrange(len(word))
        body = word[first : first + rng.randint(1, 6)]
        if "\0" not in body:
            pieces[body if first == 0 else "##" + body] = None
    return list(pieces)


def adversarial(seed: int) -> list[str]:
    """Return some hundred pieces of characters that are easily taken for something else, in random order.

    Args:
        seed: int. Another one, another vocabulary.
    """
    rng = random.Random(seed)
    pools = rng.sample(POOLS, rng.randint(4, len(POOLS)))
    characters = [character for pool in pools for character in pool]
    pieces = {*SPECIAL_TOKENS, "##", "#", "a", "##a", "b", "##b"}
    pieces |= {prefix + character for character in characters for prefix in ("", "##") if rng.random() < 0.7}
    for _ in range(rng.randint(20, 300)):
        body = "".join(rng.choices(rng.choice((characters, rng.choice(pools))), k=rng.randint(1, 5)))
        pieces.add(rng.choice(("", "", "##", "##", "#", "###", "[")) + body)
    pieces |= {token.lower() for token in SPECIAL_TOKENS if rng.random() < 0.3}
    shuffled = sorted(pieces)
    rng.shuffle(shuffled)
    return shuffled


def _all_languages() -> Iterable[str]:
    """Yield the texts that every machine with PyPI has, so that the vocabularies are the same everywhere."""
    yield from natural_texts.translations()
    yield from natural_texts.locales()


def _cached(name: str, make: Callable[[], list[str]]) -> list[str]:
    """Return the pieces in the file of that name, made on the first call: training takes a while and may vary."""
    path = assets.CACHE / name
    if not path.exists():
        assets.CACHE.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(make()), encoding="utf-8")
        partial.replace(path)
    return json.loads(path.read_text(encoding="utf-8"))


VOCABULARIES: dict[str, tuple[Callable[[], list[str]], Options]] = {
    "uncased": (uncased, Options()),
    "multilingual": (multilingual, Options(do_lower_case=False)),
    "large": (large, Options(do_lower_case=True, strip_accents=False)),
}
