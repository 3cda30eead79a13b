"""Greedy and beam search as lists of Python: one prompt at a time, no cache, no tensors."""

import numpy as np


def log_softmax(logits):
    shifted = np.asarray(logits, np.float32) - np.max(logits)
    return shifted - np.log(np.exp(shifted).sum(dtype=np.float32))


def adjusted(scores, sequence, new, eos, min_new_tokens, repetition_penalty):
    scores = np.array(scores, np.float32)
    for token in set(sequence):
        scores[token] *= repetition_penalty if scores[token] < 0 else 1 / repetition_penalty
    if new < min_new_tokens:
        scores[list(eos)] = -np.inf
    return scores


def greedy_search(next_logits, prompt, *, new_tokens, eos=(), min_new_tokens=0, repetition_penalty=1.0):
    """Return the prompt with its likeliest continuation."""
    sequence = list(prompt)
    for new in range(new_tokens):
        scores = adjusted(next_logits(sequence), sequence, new, eos, min_new_tokens, repetition_penalty)
        sequence.append(int(np.argmax(scores)))
        if sequence[-1] in eos:
            break
    return sequence


def beam_search(
    next_logits,
    prompt,
    *,
    new_tokens,
    num_beams,
    eos=(),
    min_new_tokens=0,
    repetition_penalty=1.0,
    length_penalty=1.0,
    early_stopping=False,
):
    """Return the best `num_beams` continuations of the prompt, best first."""
    running, finished = [(0.0, list(prompt))], []
    for new in range(new_tokens):
        candidates = []
        for score, sequence in running:
            log_probs = log_softmax(next_logits(sequence))
            log_probs = adjusted(log_probs, sequence, new, eos, min_new_tokens, repetition_penalty)
            candidates += [(score + log_prob, [*sequence, token]) for token, log_prob in enumerate(log_probs)]
        candidates.sort(key=lambda candidate: -candidate[0])
        is_last = new + 1 == new_tokens
        for score, sequence in candidates[:num_beams]:
            if is_last or sequence[-1] in eos:
                finished.append((score / (new + 1) ** length_penalty, sequence))
        finished = sorted(finished, key=lambda candidate: -candidate[0])[:num_beams]
        running = [candidate for candidate in candidates if candidate[1][-1] not in eos][:num_beams]
        if len(finished) == num_beams:
            hoped = new_tokens if early_stopping == "never" and length_penalty > 0 else new + 1
            if early_stopping is True or running[0][0] / hoped**length_penalty <= finished[-1][0]:
                break
    return [sequence for _, sequence in finished]


def padded(sequences, pad):
    longest = max(map(len, sequences))
    return np.array([sequence + [pad] * (longest - len(sequence)) for sequence in sequences])
