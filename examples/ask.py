"""QuestionAnswerer: answers cut from a text, learned in half a minute from made-up facts.

python examples/ask.py
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples import assets
from examples.facts import facts

CONTEXT = "Yesterday we met two people. Zoe lives in Hamburg. Zoe works as a surgeon."


def squad(seed: int, count: int) -> tuple[dict[str, list[str]], list[dict]]:
    """Questions with contexts, and answers as SQuAD writes them."""
    inputs: dict[str, list[str]] = {"question": [], "context": []}
    answers = []
    for number, fact in enumerate(itertools.islice(facts(seed), count)):
        asked, answer = (
            (f"Where does {fact.name} live?", fact.city) if number % 2 else (f"What does {fact.name} do?", fact.job)
        )
        inputs["question"].append(asked)
        inputs["context"].append(fact.text)
        answers.append({"answer_start": [fact.text.rindex(answer)], "text": [answer]})
    return inputs, answers


def main() -> None:
    import keras

    from tfbert import pipeline
    from tfbert.tasks import QuestionAnswerer

    keras.utils.set_random_seed(0)
    model = QuestionAnswerer.from_pretrained(assets.minilm_folder(), max_length=64, num_hidden_layers=3)
    model.model.bert.embeddings.trainable = False
    model.default_learning_rate = 5e-4
    model.fit(*squad(seed=0, count=640), batch_size=16, epochs=2, verbose=0)
    answer = pipeline("question-answering", model=model)
    for question in ("Where does Zoe live?", "What does Zoe do?"):
        print(question, answer(question=question, context=CONTEXT)["answer"])


if __name__ == "__main__":
    main()
