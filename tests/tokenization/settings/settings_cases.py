"""What the tests of TokenizerSettings share: the cases of transformers 5 and small folders."""

import json
from pathlib import Path

from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.settings.token_ids import SPECIAL_TOKENS
from tfbert.tokenization.settings.tokenizer_settings import DEFAULTS

CASES = json.loads((Path(__file__).parents[2] / "fixtures" / "tokenizer_settings.json").read_text(encoding="utf-8"))
FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "##s", "café", "[unused1]"]
END = len(PIECES)


def write(folder, files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def lines(pieces=PIECES):
    return "".join(f"{piece}\n" for piece in pieces)


def tokenizer_json(**sections):
    return {
        "added_tokens": [],
        "normalizer": {"type": "BertNormalizer"},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "vocab": {piece: index for index, piece in enumerate(PIECES)}},
        **sections,
    }


def placed(content, index, **flags):
    return {"id": index, "content": content, **dict.fromkeys(FLAGS, False), "special": True, **flags}


def complete(settings):
    return {**DEFAULTS, **settings.options}


def tokens_with_ids(settings):
    """Every added token as the fixture has it: [id, content, flags], the named special tokens included."""
    options = complete(settings)
    ids = {piece: index for index, piece in enumerate(settings.vocab_list)}
    for token in options["added_tokens"]:
        ids.setdefault(token.content, len(ids))
    listed = {token.content: token for token in options["added_tokens"]}
    for name in SPECIAL_TOKENS:
        if options[name] in ids:
            listed.setdefault(options[name], AddedToken(options[name], special=True))
    flags = {content: [flag for flag in FLAGS if getattr(token, flag)] for content, token in listed.items()}
    return sorted([ids[content], content, flags[content]] for content in listed)
