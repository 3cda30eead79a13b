"""The token-classification pipeline, "ner"."""

from __future__ import annotations

import bisect
import itertools
import warnings
from typing import Any, NamedTuple, Self

from tfbert.tasks.pipelines.pipeline import Pipeline, characters_before, is_stream, values_of


class SplitText(NamedTuple):
    """A text that came as words.

    Args:
        text: str. The words with blanks between, which tokenizes as they do one by one.
        begins: list of int. The character of `text` that each word begins at.
        delimiter: str. What stands between two words where offsets are counted.
    """

    text: str
    begins: list[int]
    delimiter: str

    @classmethod
    def of(cls, words: Any, delimiter: str) -> Self:
        """Return the text of words, a list of str."""
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
            raise TypeError(f"With is_split_into_words=True every text must be a list of words. Received: {words!r}.")
        begins = itertools.accumulate((len(word) + 1 for word in words), initial=0)
        return cls(" ".join(words), list(begins), delimiter)

    def place(self, character: int) -> int:
        """Return where a character of `text` stands with delimiters between the words."""
        word = bisect.bisect_right(self.begins, character) - 1
        return character + word * (len(self.delimiter) - 1)


class TokenClassifierPipeline(Pipeline):
    """Strings to lists of entities, with the keys of Hugging Face's pipeline.

    Beside the options of `TokenClassifier` it takes `is_split_into_words=True` for lists of words, with `delimiter`
    (default " "), which stands between them where offsets are counted.

    Source: `TokenClassificationPipeline` of Hugging Face transformers.
    """

    def __call__(self, inputs: Any, *, batch_size: int | None = None, **options: Any) -> Any:
        given = {**self._options, **options}
        if not given.get("is_split_into_words"):
            return super().__call__(inputs, batch_size=batch_size, **options)
        delimiter = " " if given.get("delimiter") is None else given["delimiter"]
        rows: Any = values_of(inputs) if is_stream(inputs) else list(inputs)
        if isinstance(rows, list) and not all(isinstance(row, list | tuple) for row in rows):
            rows = [rows]
        texts = (SplitText.of(row, delimiter) for row in rows)
        return super().__call__(list(texts) if isinstance(rows, list) else texts, batch_size=batch_size, **options)

    def task_options(self, options):
        for name in ("is_split_into_words", "delimiter"):
            options.pop(name, None)
        if "grouped_entities" in options or "ignore_subwords" in options:
            groups, by_word = options.pop("grouped_entities", None), options.pop("ignore_subwords", None)
            strategy = "none" if not groups else "first" if by_word else "simple"
            warnings.warn(
                "`grouped_entities` and `ignore_subwords` are old names. "
                f"Write aggregation_strategy={strategy!r} instead.",
                stacklevel=4,
            )
            options["aggregation_strategy"] = strategy
        return {name: value for name, value in options.items() if value is not None}

    def read_row(self, value):
        if isinstance(value, SplitText):
            return {"text": value.text, "split": value}
        if isinstance(value, list | tuple):
            raise TypeError(
                f"A text must be a string. Received: {value!r}. For lists of words write is_split_into_words=True."
            )
        return super().read_row(value)

    def columns_of(self, rows):
        return super().columns_of([{name: value for name, value in row.items() if name != "split"} for row in rows])

    def write(self, row, answer, task):
        text, split = row["text"], row.get("split")
        entities = []
        for place in range(answer["length"]):
            is_grouped = answer["index"][place] == 0  # where [CLS] stands, which is in no entity
            start = characters_before(text, answer["start"][place])
            end = characters_before(text, answer["end"][place])
            if split is not None:
                start, end = split.place(start), split.place(end - 1) + 1
            entity = {
                "entity_group" if is_grouped else "entity": answer["entity"][place],
                "score": float(answer["score"][place]),
                "index": int(answer["index"][place]),
                "word": answer["token_str"][place],
                "start": start,
                "end": end,
            }
            if is_grouped:
                del entity["index"]
            entities.append(entity)
        return entities
