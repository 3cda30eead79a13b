"""The Rust library's tokenizer beside ours, of one vocabulary."""

import random

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

LETTERS = "abcdefgh"
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
PIECES += ["cab", "##ed", "北", "!", "'", "#", "é", "##é", ".", "n't", "do", "not", "'s", "?", ","]
ADDED = ["[e1]", "##x", "two words"]
WORDS = ["cab", "bed", "CABED", "é!", "cafe\u0301", "北京", "a'b", "[MASK]", "[E1]", "a##xb", "two words", "zz", "#"]
WORDS += ["\u200b", "😀a", "\t", "dead.", "[SEP]", "##b", "Two Words", "ca\u0000b"]


def rust_tokenizer(pieces=PIECES, added=ADDED, prefix="##", limit=100):
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    model = models.WordPiece(
        vocabulary, unk_token="[UNK]", continuing_subword_prefix=prefix, max_input_chars_per_word=limit
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix=prefix)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    tokenizer.add_special_tokens([piece for piece in pieces if piece.startswith("[")])
    tokenizer.add_tokens([AddedToken(token) for token in added])
    return tokenizer


def texts(count, longest, seed):
    """Random texts of 0 to `longest` words, some of them joined without a blank."""
    chosen = random.Random(seed)
    words = [word + blank for word in WORDS for blank in (" ", " ", "  ", "")]
    return ["".join(chosen.choices(words, k=chosen.randrange(longest + 1))) for _ in range(count)]


def columns(encodings):
    """What Rust's encodings say, further windows behind their first, by the keys of ours."""
    texts = [[encoding, *encoding.overflowing] for encoding in encodings]
    rows = [row for windows in texts for row in windows]
    return {
        "input_ids": [row.ids for row in rows],
        "token_type_ids": [row.type_ids for row in rows],
        "attention_mask": [row.attention_mask for row in rows],
        "special_tokens_mask": [row.special_tokens_mask for row in rows],
        "offset_mapping": [row.offsets for row in rows],
        "length": [len(row) for row in rows],
        "overflow_to_sample_mapping": [text for text, windows in enumerate(texts) for _ in windows],
        "words": [row.word_ids for row in rows],
        "sequences": [row.sequence_ids for row in rows],
    }


def our_columns(batch):
    rows = batch.encodings
    return {**batch, "words": [row.word_ids for row in rows], "sequences": [row.sequence_ids for row in rows]}
