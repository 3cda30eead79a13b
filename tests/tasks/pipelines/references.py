"""What Hugging Face's pipelines returned, and the checkpoint folders that they were called with."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from tests.tasks.pipelines.models import MAX_LENGTH, MODELS, PROMPTS, SENTENCE_LENGTH, SIZES, dense_weights
from tests.tasks.pipelines.texts import NAMED_TEXTS

REFERENCES = Path(__file__).parents[2] / "fixtures" / "pipelines"
POOLING_KEYS = {
    "cls": "pooling_mode_cls_token",
    "mean": "pooling_mode_mean_tokens",
    "max": "pooling_mode_max_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


@dataclasses.dataclass(frozen=True)
class Reference:
    """Calls of one pipeline and what each returned.

    Args:
        name: str. The case's name within the task.
        model: str. Which folder `make_folder` has to write.
        made_with: dict. Keywords of `pipeline(task, folder, **made_with)`.
        options: dict. Keywords of every call.
        inputs: list. What each call takes; a dict of question and context is given as keywords.
        outputs: list. What each call returned; hidden states and embeddings as arrays.
        gap: float. The least distance of two scores whose order decides, 1.0 where none does; relative to the greater
            one for words and answers. A call of less than 1e-4 is not kept.
        at_border: list of bool. Question answering: whether the best answer touches an end of its window beyond which
            the context goes on.
    """

    name: str
    model: str
    made_with: dict[str, Any]
    options: dict[str, Any]
    inputs: list
    outputs: list
    gap: float
    at_border: list[bool] = dataclasses.field(default_factory=list)


def references(task: str) -> list[Reference]:
    """Every case of a task, with its long texts and arrays."""
    stored = json.loads((REFERENCES / f"{task}.json").read_text(encoding="utf-8"))
    arrays = REFERENCES / f"{task}.npz"
    return [Reference(**whole(case, np.load(arrays) if arrays.exists() else {})) for case in stored]


def whole(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The value with long texts in place of {"long": name, "form": "... {} ..."}, arrays in place of {"array": key}."""
    if isinstance(value, list):
        return [whole(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"long", "form"}:
        return value["form"].replace("{}", NAMED_TEXTS[value["long"]])
    if value.keys() == {"array"}:
        return arrays[value["array"]]
    return {key: whole(part, arrays) for key, part in value.items()}


def make_folder(path: Path, name: str) -> Path:
    """Write the checkpoint folder of that model as PyTorch's transformers does, and return it."""
    model = MODELS[name]
    folder = path / name
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": not model.cased,
        "model_max_length": MAX_LENGTH,
        "clean_up_tokenization_spaces": model.cased,
    }
    save_file(model.weights(), folder / "model.safetensors", {"format": "pt"})
    (folder / "vocab.txt").write_text("\n".join(model.vocabulary) + "\n", encoding="utf-8")
    write_json(folder / "config.json", model.config)
    write_json(folder / "tokenizer_config.json", settings)
    if model.sentence:
        write_sentence_files(folder, **model.sentence)
    return folder


def write_sentence_files(
    folder: Path,
    poolings: tuple[str, ...],
    dense: int = 0,
    normalize: bool = False,
    include_prompt: bool = True,
    default_prompt: str | None = None,
) -> None:
    """Write what sentence-transformers adds to a folder: modules, pooling, dense layer, prompts, longest input."""
    modules = ["Transformer", "Pooling"] + ["Dense"] * bool(dense) + ["Normalize"] * normalize
    paths = ["", *(f"{index}_{kind}" for index, kind in enumerate(modules) if index)]
    for path in paths:
        (folder / path).mkdir(exist_ok=True)
    entries = [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for index, (path, kind) in enumerate(zip(paths, modules))
    ]
    width = SIZES["hidden_size"]
    pooling = {"word_embedding_dimension": width, "include_prompt": include_prompt}
    pooling |= {key: name in poolings for name, key in POOLING_KEYS.items()}
    write_json(folder / "modules.json", entries)
    write_json(folder / "1_Pooling" / "config.json", pooling)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": SENTENCE_LENGTH, "do_lower_case": False})
    write_json(
        folder / "config_sentence_transformers.json",
        {"prompts": PROMPTS, "default_prompt_name": default_prompt, "similarity_fn_name": "cosine"},
    )
    if dense:
        inner = width * len(poolings)
        layer = {"in_features": inner, "out_features": dense, "bias": True}
        layer["activation_function"] = "torch.nn.modules.activation.Tanh"
        write_json(folder / "2_Dense" / "config.json", layer)
        save_file(dense_weights(inner, dense), folder / "2_Dense" / "model.safetensors", {"format": "pt"})


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
