"""Which task a signature answers, by its keys, which are fixed for each task."""

from __future__ import annotations

from collections.abc import Collection

# Keys of inputs and of outputs of which no other task has all; the first that fits.
KEYS: dict[str, tuple[set[str], set[str]]] = {
    "zero-shot-classification": ({"text", "candidate_labels"}, {"labels", "scores"}),
    "multiple-choice": ({"text", "choices"}, {"choice", "index", "scores"}),
    "question-answering": ({"question", "context"}, {"answer", "start", "end"}),
    "token-classification": ({"text"}, {"entity", "word", "start", "end", "length"}),
    "fill-mask": ({"text"}, {"token_str", "token", "sequence"}),
    "feature-extraction": ({"text"}, {"last_hidden_state", "attention_mask"}),
    "text-embedding": ({"text"}, {"embedding"}),
    "text-generation": ({"text"}, {"generated_text"}),
    "text-classification": ({"text"}, {"labels", "scores", "logits"}),
    "next-sentence-prediction": ({"text", "text_pair"}, {"label", "score"}),
}
REGRESSION = {"score"}  # all that a text classifier of numbers returns


def task_of_keys(inputs: Collection[str], outputs: Collection[str]) -> str | None:
    """Return the task of a signature.

    Args:
        inputs: Names of its inputs.
        outputs: Names of its outputs.

    Returns:
        str, a key of `tfbert.tasks.registry.TASKS`; None where no task of tfbert has such keys.

    Example:
        >>> task_of_keys(["question", "context"], ["answer", "score", "start", "end", "length"])
        'question-answering'
    """
    if set(outputs) == REGRESSION and "text" in inputs:
        return "text-classification"
    return next((task for task, (taken, made) in KEYS.items() if taken <= set(inputs) and made <= set(outputs)), None)
