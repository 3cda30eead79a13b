"""The vocabulary and the texts of the pipelines' references; NumPy only, as the pipelines run elsewhere."""

import string

from tests.models.model_cases import stream

SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    "the",
    "a",
    "an",
    "of",
    "to",
    "in",
    "is",
    "was",
    "and",
    "not",
    "i",
    "you",
    "he",
    "she",
    "it",
    "we",
    "they",
    "my",
    "name",
    "live",
    "work",
    "at",
    "for",
    "with",
    "from",
    "on",
    "very",
    "good",
    "bad",
    "great",
    "awful",
    "movie",
    "book",
    "city",
    "river",
    "night",
    "day",
    "happy",
    "sad",
    "love",
    "hate",
    "who",
    "what",
    "where",
    "when",
    "how",
    "does",
    "capital",
    "this",
    "example",
    "new",
    "york",
    "paris",
    "berlin",
    "london",
    "said",
    "bought",
    "sold",
    "old",
    "red",
    "blue",
    "house",
    "dog",
    "cat",
]
NAMES = ["wolf", "micro", "ama", "goo", "jean", "claude", "ang", "mer", "sara", "dub"]
ENDINGS = ["gang", "soft", "zon", "gle", "ela", "kel", "s", "ing", "ed", "er", "ly", "ness", "able", "lin", "th", "on"]
CHINESE = "北京上海中国人我你爱大小天学生的是在"
ARABIC = "ابتدرسعفقكلمنهوية"
CYRILLIC = "абвдеиклмнопрстуя"
EMOJI = "😀❤🚀"
PUNCTUATION = "!\"#$%&'()*,-./:;<=>?@[]_"


def vocabulary(cased: bool = False) -> list[str]:
    """The pieces by id; the cased one has capitals and letters with accents besides."""
    letters = string.ascii_lowercase + string.digits + ARABIC + CYRILLIC
    pieces = [*SPECIAL_TOKENS, *PUNCTUATION, *letters, *WORDS, *NAMES, *CHINESE, *EMOJI]
    pieces += [f"##{ending}" for ending in (*letters, *ENDINGS)]
    if cased:
        pieces += [*string.ascii_uppercase, *"éü", "##é", "##ü", *(word.title() for word in (*WORDS, *NAMES))]
    return list(dict.fromkeys(pieces))


def long_text(name: str, words: int) -> str:
    """So many words, names among them, in sentences of nine; drawn from the name."""
    numbers = stream(name)
    names = [head + end for head in NAMES for end in ENDINGS[:6]]
    lexicon = [*WORDS, *WORDS, *names]
    drawn = [lexicon[number] for number in numbers.randint(0, len(lexicon), words)]
    return " ".join(f"{word}." if index % 9 == 8 else word for index, word in enumerate(drawn))


# What is too long to be written out, by the name that the fixtures call it.
LONG_TEXTS = {
    "300 words": long_text("300 words", 300),
    # It repeats itself, so that its windows hold fewer pieces whose best two labels may tie.
    "5000 words": " ".join((long_text("220 words", 220).split() * 23)[:5000]),
    "5000 words in Chinese": "我爱北京大学。" * 800,
    "5000 words in Arabic": "كتب الدرس في القاهرة " * 1250,
}
CONTEXTS = {f"context {number}": long_text(f"context {number}", 50 + 15 * number) for number in range(14)}
NAMED_TEXTS = {**LONG_TEXTS, **CONTEXTS}
AT_THE_LIMIT = " ".join((WORDS + NAMES)[:62])
TEXTS = [
    "Wolfgang lives in New York and works at Microsoft.",
    "My name is Angela Merkel; I live in Berlin.",
    "wolfgang",
    "Jean-Claude bought Amazon (not Google) in Dublin, didn't he?",
    "THE MOVIE WAS VERY GOOD!!!",
    "the movie was awful.",
    "I hate this book, but I love the river at night.",
    "Who said what to Sarah?",
    "New York, Paris, London and Berlin",
    "a",
    "unhappiness of the unlovable",
    "12 cats and 3,456.78 dogs cost $9.99 in 2024",
    "e-mail: wolf.gang@micro-soft.com, see https://www.google.com/search?q=paris#top",
    "<p>The <b>old</b> house &amp; the <a href='x'>river</a></p>",
    "我爱北京。",
    "中国人在上海学生",
    "北京 is the capital of 中国",
    "我是Wolfgang，你是谁？",
    "القاهرة مدينة كبيرة",
    "كَتَبَ الوَلَدُ الدَّرْسَ",  # with vowel marks
    "العربية and English معا",
    "Привет, Москва! Я люблю Париж.",
    "река и город",
    "Ё Й ё й",
    "Café déjà vu in Zürich, naïve Ångström",
    "Cafe\u0301 de\u0301ja\u0300 vu, Zu\u0308rich",  # the same letters in two code points each
    "Z\u0351\u036balgo w\u0335olf\u0334gang",
    "I ❤ Paris 😀🚀",
    "👨‍👩‍👧‍👦 family 🇫🇷 flag 👍🏽 thumb ❤️ heart",
    "😀",
    "new\tyork\nis\r\nvery   old ",
    "new\u200byork zero\u200bwidth",
    "wolf\x00gang mic\x07ro\x1fsoft \ufffd end",
    "no\u00a0break \u3000 wide space",
    "   ",
    "",
    "...!?",
    "«quotes» “curly” ‘single’ — dash… ellipsis",
    "the [MASK] in [SEP] the text [CLS]",
    "ﬁne ﬂow ½ ² Ⅷ ㎏ ｆｕｌｌ",
    "한국어 텍스트 and ภาษาไทย and हिन्दी",
    "zxqj qqqq xkcd wqrt",
    "don't can't won't it's I'm",
    "She bought the red house in London. He sold the blue one in Paris. They work with Sarah at Google.",
    "Does Angela live in Dublin or in Berlin? Jean said the river is old and the city is not.",
    "wolf" + "gang" * 24,  # 100 characters, the longest word that is cut into pieces
    "x" * 120,
    AT_THE_LIMIT,
    *LONG_TEXTS.values(),
]


def pairs() -> list[dict[str, str]]:
    """Every text with the fifth after it, so that no two long ones meet."""
    return [{"text": text, "text_pair": pair} for text, pair in zip(TEXTS, TEXTS[5:] + TEXTS[:5])]
