"""MaskFillerPipeline: the dicts of Hugging Face's fill-mask pipeline."""

from __future__ import annotations

from typing import Any

from tfbert.tasks.pipelines.pipeline import Pipeline, Row

KEYS = ("score", "token", "token_str", "sequence")


class MaskFillerPipeline(Pipeline):
    """Text with masks in, the likeliest pieces out.

    A text with one mask gives a list of dicts of `score`, `token`, `token_str` and `sequence`, best first; one with
    several gives such a list for each. A list of texts gives a list of these; a list of one text is taken for the text.

    Args:
        task: `MaskFiller`, or its `ServedTask`.
        batch_size: int, default 32. Rows at a time.
        **options: `top_k`, `targets`, and `tokenizer_kwargs`, a dict of options of the tokenizer.

    Source: `FillMaskPipeline` of Hugging Face transformers.
    """

    def task_options(self, options: dict[str, Any]) -> dict[str, Any]:
        options.update(options.pop("tokenizer_kwargs", None) or {})
        if isinstance(options.get("targets"), str):
            options["targets"] = [options["targets"]]
        return {name: value for name, value in options.items() if value is not None}

    def write(self, row: Row, answer: Row, task: Any) -> Any:
        """Return the pieces for each mask of a text.

        Raises:
            ValueError: If it has none.
        """
        if not answer["length"]:
            raise ValueError(f"No mask token found on the input {row['text']!r}. Write [MASK] where a word is missing.")
        masks = [
            [dict(zip(KEYS, values)) for values in zip(*(answer[name][mask].tolist() for name in KEYS))]
            for mask in range(answer["length"])
        ]
        return masks[0] if len(masks) == 1 else masks

    def several(self, outputs: list[Any]) -> Any:
        return outputs[0] if len(outputs) == 1 else outputs
