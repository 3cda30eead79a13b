"""Calls that the pipelines' references and our tests share; no PyTorch or TensorFlow here."""

from tests.tasks.pipelines.further_cases import (
    feature_extraction,
    multiple_choice,
    next_sentence_prediction,
    question_answering,
    sentence_embedding,
    text_generation,
    zero_shot_classification,
)
from tests.tasks.pipelines.models import Case
from tests.tasks.pipelines.texts import AT_THE_LIMIT, LONG_TEXTS, TEXTS, pairs


def text_classification() -> list[Case]:
    cut = {"truncation": True}
    few = TEXTS[:4]
    cases = [
        Case("default", "sentiment", TEXTS, cut),
        Case("all labels", "sentiment", TEXTS, {**cut, "top_k": None}),
        Case("top 2", "sentiment", TEXTS, {**cut, "top_k": 2}),
        Case("logits", "sentiment", TEXTS, {**cut, "top_k": None, "function_to_apply": "none"}),
        Case("sigmoid", "sentiment", TEXTS, {**cut, "function_to_apply": "sigmoid"}),
        Case("multi label", "topics", TEXTS, {**cut, "top_k": None}),
        Case("best of multi label", "topics", TEXTS, cut),
        Case("softmax over multi label", "topics", TEXTS, {**cut, "function_to_apply": "softmax"}),
        Case("one label", "one_label", TEXTS, cut),
        Case("regression", "regression", TEXTS, cut),
        Case("pairs", "sentiment", pairs(), cut),
        Case("pairs, all labels", "sentiment", pairs(), {**cut, "top_k": None}),
        Case("pairs, one label", "one_label", pairs(), cut),
    ]
    # A string, a list, a list of one, a dict and a list of dicts, with and without `top_k`, in the call and before it.
    forms = [few[0], few, few[:1], pairs()[0], pairs()[:3], pairs()[:1]]
    for top_k in ({}, {"top_k": 1}, {"top_k": 2}, {"top_k": None}):
        cases.append(Case(f"forms, {top_k} in the call", "sentiment", forms, top_k))
        cases.append(Case(f"forms, {top_k} before", "sentiment", forms, made_with=top_k))
    cases.append(Case("forms of regression", "regression", forms))
    return cases


STRATEGIES = ("none", "simple", "first", "average", "max")


def token_classification() -> list[Case]:
    cases = [
        Case(f"{model}, {strategy}", model, TEXTS, {"aggregation_strategy": strategy})
        for model in ("entities", "entities_cased", "plain_labels")
        for strategy in STRATEGIES
    ]
    some = TEXTS[:8]
    for ignored in ([], ["O", "B-PER"], ["O", "PER"]):
        for strategy in ("none", "simple", "average"):
            options = {"aggregation_strategy": strategy, "ignore_labels": ignored}
            cases.append(Case(f"{ignored} ignored, {strategy}", "entities", some, options))
    for strategy in STRATEGIES[1:]:
        options = {"aggregation_strategy": strategy, "stride": 8}
        texts = [*TEXTS[:3], LONG_TEXTS["300 words"], AT_THE_LIMIT]
        cases.append(Case(f"stride, {strategy}", "entities", texts, options))
        options = {**options, "ignore_labels": ["O", "PER", "LOC"]}
        texts = [LONG_TEXTS["5000 words"], LONG_TEXTS["5000 words in Arabic"]]
        cases.append(Case(f"stride, {strategy}, organizations", "entities", texts, options))
    forms = [some[0], some, some[:1]]
    cases.append(Case("forms", "entities", forms))
    cases.append(Case("forms, simple before", "entities", forms, made_with={"aggregation_strategy": "simple"}))
    words = [text.split(" ") for text in (some[0], some[3], TEXTS[16], TEXTS[24], TEXTS[25], TEXTS[27])]
    words = [[word for word in row if word] for row in words]
    for strategy in STRATEGIES:
        options = {"aggregation_strategy": strategy, "is_split_into_words": True}
        cases.append(Case(f"words, {strategy}", "entities", [*words, words], options))
    options = {"aggregation_strategy": "simple", "is_split_into_words": True, "delimiter": ""}
    cases.append(Case("words without a space between", "entities", words[2:3], options))
    return cases


def masked(text: str, place: int) -> str:
    """The text with a mask before it, after it or in its middle in turn; before a long one, which may be cut."""
    words = text.split(" ")
    at = (0, len(words), len(words) // 2)[place % 3] if len(text) < 150 else 0
    return " ".join([*words[:at], "[MASK]", *words[at:]])


def fill_mask() -> list[Case]:
    cut = {"tokenizer_kwargs": {"truncation": True}}
    texts = [masked(text, place) for place, text in enumerate(TEXTS)]
    short = texts[: -len(LONG_TEXTS)]
    several = [masked(text, place + 1) for place, text in enumerate(texts[:40])]
    several += ["[MASK]", "[MASK] [MASK]", "[MASK][MASK] [MASK].", "wolf[MASK]gang", " ".join(["[MASK]"] * 5)]
    few = short[:6]
    targets = {
        "words": ["good", "bad", "river"],
        "one string": "paris",
        "one piece twice": ["dog", "dog", "cat"],
        "unknown words": ["wolfgang", "Paris", "北京", "house", "##soft"],
    }
    return [
        Case("default", "words", texts, cut),
        Case("cased", "words_cased", texts, cut),
        *(Case(f"top {top_k}", "words", short, {**cut, "top_k": top_k}) for top_k in (1, 3)),
        Case("several masks", "words", several, {**cut, "top_k": 3}),
        Case("several masks, cased", "words_cased", several[:12] + several[40:], {**cut, "top_k": 3}),
        *(Case(f"targets: {name}", "words", few, {"targets": value}) for name, value in targets.items()),
        Case("targets, top 2", "words", few, {"targets": targets["words"], "top_k": 2}),
        Case("targets, several masks", "words", several[:6], {"targets": targets["words"]}),
        Case("targets before", "words", few, made_with={"targets": targets["words"], "top_k": 2}),
        Case("forms", "words", [few[0], few[:1], few[:3], several[:1], several[:2], [few[0], several[0]]]),
    ]


CASES = {
    "text-classification": text_classification,
    "token-classification": token_classification,
    "fill-mask": fill_mask,
    "question-answering": question_answering,
    "zero-shot-classification": zero_shot_classification,
    "text-generation": text_generation,
    "feature-extraction": feature_extraction,
    "sentence-embedding": sentence_embedding,
    "next-sentence-prediction": next_sentence_prediction,
    "multiple-choice": multiple_choice,
}
