"""Show what an exported model or a checkpoint folder holds, and what an exported model answers.

Example:
  tfbert inspect saved_models/sentiment/1
  tfbert inspect saved_models/sentiment/1 "What a lovely day"
  tfbert inspect saved_models/squad/1 "Where does Anna live?" "Anna lives in Paris."
  tfbert inspect sentiment.tflite "What a lovely day"
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from tfbert.cli.text_rows import UsageError, write_json_row
from tfbert.export.formats import FILE_FORMATS, is_exported_file, open_file, size_of
from tfbert.json_file import read_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="SavedModel, LiteRT or ONNX file, checkpoint folder")
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="one row to answer: a text for each input, in order")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")


def run(options: argparse.Namespace) -> None:
    """Print the facts about the model."""
    if is_exported_file(options.model):
        facts = _file_facts(options.model, options.texts)
    elif not Path(options.model).is_dir():
        raise ValueError(f"{options.model!r} is no SavedModel, no LiteRT or ONNX file and no checkpoint folder.")
    elif (Path(options.model) / "saved_model.pb").is_file():
        facts = _saved_model_facts(options.model, options.texts)
    elif options.texts:
        raise UsageError("only an exported model answers a text here; for a checkpoint folder write tfbert predict")
    else:
        facts = _folder_facts(options.model)
    if options.json:
        write_json_row(facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        entries = [f"{key}: {_short(entry)}" for key, entry in value.items()] if isinstance(value, dict) else None
        for index, line in enumerate(entries or [_short(value)]):
            print(f"{name if index == 0 else '':<{width}}  {line}")


def _file_facts(path: str, texts: list[str]) -> dict[str, Any]:
    loaded = open_file(path)
    facts = {name: value for name, value in loaded.metadata.items() if name != "config" and value != []}
    answer = {}
    if texts:
        answers = loaded(**_row(loaded.input_ranks(), texts))
        answer = {"answer": {name: values.tolist()[0] for name, values in answers.items()}}
    return {
        "format": FILE_FORMATS[Path(path).suffix],
        **facts,
        "signatures": loaded.signatures(),
        "megabytes": round(size_of(path) / 1e6, 2),
        **answer,
    }


def _saved_model_facts(path: str, texts: list[str]) -> dict[str, Any]:
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  # registers the ops

    from tfbert.config_file import METADATA_FILE
    from tfbert.export.verify import TEXT_OPS, ops_of

    metadata = read_json(Path(path) / METADATA_FILE) if (Path(path) / METADATA_FILE).is_file() else {}
    metadata.pop("config", None)
    loaded = tf.saved_model.load(path)
    signatures = {}
    for name, function in loaded.signatures.items():
        inputs = ", ".join(map(_spec_text, function.structured_input_signature[1].values()))
        outputs = ", ".join(f"{key} {spec.dtype.name}{list(spec.shape)}" for key, spec in _outputs(function))
        signatures[name] = f"({inputs}) -> {outputs}"
    return {
        "format": "SavedModel",
        **metadata,
        "signatures": signatures,
        "text_ops": sorted(TEXT_OPS & ops_of(path)),
        "megabytes": round(size_of(path) / 1e6, 2),
        **({"answer": _answer(loaded.signatures["serving_default"], metadata.get("inputs"), texts)} if texts else {}),
    }


def _answer(function, names: list[str] | None, texts: list[str]) -> dict[str, Any]:
    """What the model answers to one row of texts, in the order of its inputs; one of several texts takes the rest."""
    import tensorflow as tf

    from tfbert.str_array import as_str_array

    signature = function.structured_input_signature[1]  # sorted by name
    ranks = {name: signature[name].shape.rank for name in names or signature}
    inputs = {name: tf.constant(column) for name, column in _row(ranks, texts).items()}
    answers = function(**inputs)  # named in an order that differs from process to process
    return {name: as_str_array(answers[name].numpy()).tolist()[0] for name, _ in _outputs(function)}


def _row(ranks: dict[str, int], texts: list[str]) -> dict[str, list[Any]]:
    """Columns of one row: a text for each input of rank 1, in order; one of rank 2 takes the rest."""
    several = 2 in ranks.values()
    if not ranks or len(texts) < len(ranks) or (len(texts) > len(ranks) and not several):
        raise UsageError(f"this model takes a text for each of: {', '.join(ranks)}" if ranks else "this file takes ids")
    left = list(texts)
    row: dict[str, list[Any]] = {}
    for name, rank in sorted(ranks.items(), key=lambda item: item[1]):
        taken, left = (left, []) if rank == 2 else (left[:1], left[1:])
        row[name] = [taken] if rank == 2 else taken
    return row


def _folder_facts(path: str) -> dict[str, Any]:
    from tfbert.checkpoints.open_checkpoint import open_checkpoint
    from tfbert.config import BertConfig
    from tfbert.tokenization.settings.tokenizer_settings import TokenizerSettings

    config = BertConfig.from_pretrained(path)
    tensors, _ = open_checkpoint(path)
    settings = TokenizerSettings.from_folder(path)
    added = settings.options.get("added_tokens", [])
    return {
        "format": "checkpoint folder",
        "architectures": config.extra.get("architectures"),
        "layers": config.num_hidden_layers,
        "hidden_size": config.hidden_size,
        "attention_heads": config.num_attention_heads,
        "parameters": sum(math.prod(tensor.shape) for tensor in tensors.values()),
        "max_position_embeddings": config.max_position_embeddings,
        "vocab_size": len(settings.vocab_list),
        "tokenizer": {**settings.options, "added_tokens": [token.content for token in added]},
        "labels": [config.id2label[index] for index in range(config.num_labels)],
    }


def _outputs(function):
    return sorted(function.structured_outputs.items())


def _spec_text(spec) -> str:
    return f"{spec.name} {spec.dtype.name}{list(spec.shape)}"


def _short(value: Any, limit: int = 12) -> str:
    if isinstance(value, list) and len(value) > limit:
        return ", ".join(map(str, value[:limit])) + f", … ({len(value)} in all)"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
