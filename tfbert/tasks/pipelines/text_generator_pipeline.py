"""TextGeneratorPipeline: the dicts of Hugging Face's text-generation pipeline."""

from __future__ import annotations

from typing import Any

from tfbert.tasks.pipelines.pipeline import Pipeline, Row

CUTTING = ("truncation", "max_length", "truncation_side")


class TextGeneratorPipeline(Pipeline):
    """A prompt in, a list of dicts of `generated_text` out, one for each of `num_return_sequences`.

    With `return_tensors` these hold `generated_token_ids`. A long prompt loses its beginning, unless options of the
    tokenizer say how it is cut.

    Args:
        task: `TextGenerator`, or its `ServedTask`.
        batch_size: int, default 32. Rows at a time.
        **options: Those of `TextGenerator`; options of the tokenizer; and `tokenizer_encode_kwargs`, a dict of these.

    Source: `TextGenerationPipeline` of Hugging Face transformers.
    """

    def task_options(self, options: dict[str, Any]) -> dict[str, Any]:
        if "max_length" in options:
            raise ValueError(
                "`max_length` would count the tokens of the longest prompt in a batch, so that a text would depend on "
                "its neighbours. Write max_new_tokens=…, or tokenizer_encode_kwargs={'max_length': …} to cut prompts."
            )
        options.update(options.pop("tokenizer_encode_kwargs", None) or {})
        if set(options) & set(CUTTING):
            options.setdefault("handle_long_generation", None)
        return options

    def write(self, row: Row, answer: Row, task: Any) -> Any:
        if "generated_token_ids" in answer:
            return [{"generated_token_ids": ids[: answer["length"]].tolist()} for ids in answer["generated_token_ids"]]
        texts = answer.get("generated_texts", [answer["generated_text"]])
        return [{"generated_text": text} for text in texts]
