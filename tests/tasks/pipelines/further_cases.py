"""Calls for answers, zero-shot labels, generated text, hidden states, embeddings, pairs and choices."""

from tests.tasks.pipelines.models import MODELS, POOLINGS, Case
from tests.tasks.pipelines.texts import AT_THE_LIMIT, CONTEXTS, LONG_TEXTS, TEXTS, pairs, vocabulary

QUESTIONS = (
    "Where does Wolfgang live?",
    "Who bought the old house in Dublin?",
    "What is the capital of 中国?",
    "你爱谁？",
    "أين القاهرة",
    "Где река и город?",
    "When?",
    "How does Angela work 😀",
    "?",
)


def question_answering() -> list[Case]:
    # Empty ones are refused.
    contexts = [text for text in TEXTS if text and text not in LONG_TEXTS.values()]
    contexts += [*CONTEXTS.values(), LONG_TEXTS["5000 words"], LONG_TEXTS["5000 words in Chinese"]]
    rows = [
        {"question": QUESTIONS[index % len(QUESTIONS)], "context": context} for index, context in enumerate(contexts)
    ]
    arabic = {"question": QUESTIONS[0], "context": LONG_TEXTS["5000 words in Arabic"]}
    wide = rows[-len(CONTEXTS) - 4 :]
    many = {"question": list(QUESTIONS[:3]), "context": contexts[0]}
    several = {"question": list(QUESTIONS[:3]), "context": [CONTEXTS["context 3"], *contexts[1:3]]}
    narrow = {"max_seq_len": 32, "doc_stride": 8}
    return [
        Case("default", "answers", [*rows, arabic]),
        Case("top 3", "answers", rows, {"top_k": 3}),
        Case("top 5", "answers", rows, {"top_k": 5}),
        Case("at most 3 pieces", "answers", rows, {"max_answer_len": 3, "top_k": 3}),
        Case("impossible", "answers", rows, {"handle_impossible_answer": True}),
        Case("impossible, top 3", "answers", rows, {"handle_impossible_answer": True, "top_k": 3}),
        Case("pieces", "answers", rows, {"align_to_words": False}),
        Case("pieces, top 5", "answers", rows, {"align_to_words": False, "top_k": 5}),
        Case("narrow windows", "answers", wide, narrow),
        Case("narrow windows, top 3", "answers", wide, {**narrow, "top_k": 3, "max_answer_len": 15}),
        Case("windows that do not overlap", "answers", wide, {"max_seq_len": 40, "doc_stride": 0, "top_k": 3}),
        Case("long question", "answers", [{**wide[0], "question": " ".join(QUESTIONS[:2])}], {"doc_stride": 4}),
        Case("forms", "answers", [rows[0], rows[:1], rows[:3], [rows[-4], rows[1]], many, several]),
        Case("forms, top 2", "answers", [rows[0], rows[:1], rows[3:6], many], {"top_k": 2}),
        Case("top 3 before", "answers", rows[:4], made_with={"top_k": 3, "max_answer_len": 4}),
    ]


def zero_shot_classification() -> list[Case]:
    texts = [text for text in TEXTS if text]  # an empty one is refused
    topics = ["city", "book", "movie", "dog"]
    few = texts[:6]
    labels = {"candidate_labels": topics}
    template = {"hypothesis_template": "The book is about {}, not about a cat!"}
    forms = [few[0], few[:1], few[:3]]
    return [
        *(Case(model, model, texts, labels) for model in ("inference", "inference_reversed")),
        *(Case(f"{model}, multi label", model, texts, {**labels, "multi_label": True}) for model in INFERENCE),
        Case("string of labels", "inference", few, {"candidate_labels": "city, old book ,movie,, red dog"}),
        Case("one label", "inference", few, {"candidate_labels": ["city"]}),
        Case("one label as a string", "inference_reversed", few, {"candidate_labels": "city"}),
        Case(
            "labels of many scripts",
            "inference",
            texts,
            {"candidate_labels": ["北京", "كتاب", "Город", "Café 😀", "x"]},
        ),
        Case("template", "inference", texts, {**labels, **template}),
        Case("template, multi label", "inference_reversed", few, {**labels, **template, "multi_label": True}),
        Case("forms", "inference", forms, labels),
        Case("forms, labels before", "inference", forms, made_with={**labels, **template}),
        Case("no label that begins with entail", "sentiment", few, labels),
    ]


INFERENCE = ("inference", "inference_reversed")


def text_generation() -> list[Case]:
    cut = {"tokenizer_encode_kwargs": {"truncation": True, "max_length": 48}}
    greedy = {"do_sample": False, "max_new_tokens": 5}
    beams = {**greedy, "num_beams": 2}
    few = TEXTS[:6]
    forms = [few[0], few[:1], few[:3]]
    # Everything but the last 52 pieces of a prompt goes, so that 12 new ones fit.
    hole = {"do_sample": False, "max_new_tokens": 12, "handle_long_generation": "hole"}
    return [
        Case("greedy", "story", TEXTS, {**greedy, **cut}),
        Case("greedy, 12 pieces", "story", TEXTS, {**greedy, **cut, "max_new_tokens": 12}),
        Case("greedy, new text", "story", TEXTS, {**greedy, **cut, "return_full_text": False}),
        Case("greedy with an end", "story", TEXTS, {**greedy, **cut, "max_new_tokens": 12, "eos_token_id": END}),
        Case("beams", "story", TEXTS, {**beams, **cut}),
        Case("beams, new text", "story", TEXTS, {**beams, **cut, "max_new_tokens": 12, "return_full_text": False}),
        Case("two of two beams", "story", TEXTS[:20], {**beams, **cut, "num_return_sequences": 2}),
        Case(
            "beams with an end", "story", TEXTS[:20], {**beams, **cut, "num_return_sequences": 2, "eos_token_id": END}
        ),
        Case("no special tokens", "story", few, {**greedy, "add_special_tokens": False}),
        Case("special tokens kept", "story", few, {**greedy, "skip_special_tokens": False}),
        Case("hole", "story", [*few, AT_THE_LIMIT, *LONG_TEXTS.values()], hole),
        Case("forms", "story", forms, greedy),
        Case("forms, two of two beams", "story", forms, {**beams, "num_return_sequences": 2}),
        Case("ids", "story", few, {**greedy, "return_tensors": True}),
    ]


END = vocabulary().index("是")  # some texts go on with it


def feature_extraction() -> list[Case]:
    cut = {"truncation": True}
    return [
        Case("default", "features", TEXTS, cut),
        Case("forms", "features", [TEXTS[0], TEXTS[:1], TEXTS[:3]], cut),
        Case("cut in the tokenizer", "features", TEXTS[:3], {"tokenize_kwargs": {"truncation": True, "max_length": 6}}),
    ]


def sentence_embedding() -> list[Case]:
    """Each call embeds a list of texts, as `encode` of sentence-transformers does."""
    few = [TEXTS[:8]]
    names = [name for name, model in MODELS.items() if model.sentence]
    return [
        *(Case(name.removeprefix("embedder_"), name, [TEXTS]) for name in names),
        *(Case(f"{pooling}, normalized by the call", f"embedder_{pooling}", few, NORMALIZED) for pooling in POOLINGS),
        Case("8 dimensions", "embedder_mean", few, {"truncate_dim": 8}),
        Case("8 dimensions of normalized ones", "embedder_normalized", few, {"truncate_dim": 8}),
        Case("8 normalized dimensions", "embedder_normalized", few, {"truncate_dim": 8, **NORMALIZED}),
        *(Case(f"{name}, query", name, few, {"prompt_name": "query"}) for name in names if "prompt" in name),
        *(Case(f"{name}, own prompt", name, few, {"prompt": "Paris and "}) for name in names if "prompt" in name),
        Case("with a prompt", "embedder_mean", few, {"prompt_name": "document"}),
    ]


NORMALIZED = {"normalize_embeddings": True}


def next_sentence_prediction() -> list[Case]:
    return [Case("default", "next_sentence", pairs())]


def multiple_choice() -> list[Case]:
    rows = [
        {"text": text, "choices": [TEXTS[(at + 5 * step) % len(TEXTS)] for step in range(1, 3 + at % 4)]}
        for at, text in enumerate(TEXTS)
    ]
    return [Case("default", "choices", rows)]
