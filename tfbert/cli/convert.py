"""Turn a checkpoint of any form into a Hugging Face folder, for tfbert and for PyTorch.

Example:
  tfbert convert uncased_L-12_H-768_A-12/bert_model.ckpt bert-base-uncased
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbert.cli.text_rows import write_json_row

if TYPE_CHECKING:
    from tfbert.config import BertConfig

MODELS = (
    "TFBertModel",
    "TFBertForPreTraining",
    "TFBertLMHeadModel",
    "TFBertForMaskedLM",
    "TFBertForNextSentencePrediction",
    "TFBertForSequenceClassification",
    "TFBertForMultipleChoice",
    "TFBertForTokenClassification",
    "TFBertForQuestionAnswering",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("input", metavar="IN", help="folder, weight file or name on the Hugging Face hub")
    parser.add_argument("output", metavar="OUT", help="folder to write")
    parser.add_argument(
        "--model",
        choices=MODELS,
        metavar="CLASS",
        help="the model's class, such as TFBertForMaskedLM (default: what its config or weights say)",
    )
    parser.add_argument("--config", metavar="FILE", help="the config.json, where none lies with the weights")
    parser.add_argument(
        "--max-shard-size", default="5GB", metavar="SIZE", help="most that one weight file takes (%(default)s)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing folder")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def run(options: argparse.Namespace) -> None:
    """Read, write beside the place, rename, and print what was read and written."""
    from tfbert.checkpoints.open_checkpoint import WEIGHT_FILES, open_checkpoint
    from tfbert.config import BertConfig
    from tfbert.config_file import CONFIG_FILES
    from tfbert.export.staging import staged_folder
    from tfbert.hub import SENTENCE_FILES, TOKENIZER_FILES, resolve_folder

    output = Path(options.output)
    beside = (*TOKENIZER_FILES, *SENTENCE_FILES)
    location = resolve_folder(options.input, (*CONFIG_FILES, *beside), WEIGHT_FILES)
    folder = location if location.is_dir() else location.parent
    _refuse_output(output, folder, options.overwrite)
    config = BertConfig.from_pretrained(options.config or location)
    tensors, source = open_checkpoint(location)
    name = options.model or model_of(config, tensors)
    if "classifier.weight" in tensors and name != "TFBertForMultipleChoice" and config.has_default_labels:
        config = config.replace(num_labels=tensors["classifier.weight"].shape[0])  # Google's configs do not say
    model, left_out = _load(name, location, config, tensors)
    copied = sorted(path.relative_to(folder) for pattern in beside for path in folder.glob(pattern))
    with staged_folder(output, options.overwrite) as staging:
        model.save_pretrained(staging, options.max_shard_size)
        for path in copied:
            (staging / path).parent.mkdir(exist_ok=True)
            shutil.copyfile(folder / path, staging / path)
        written = sorted(path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file())
    facts = {"model": name, "read": source, "written": str(output), "files": written, "left_out": left_out}
    if options.json:
        write_json_row(facts)
        return
    print(f"Read {source} as {name}")
    if left_out:
        print(f"Left out {len(left_out)} weights that it has no place for: {', '.join(left_out)}")
    print(f"Wrote {output}: {', '.join(written)}")


def model_of(config: BertConfig, names: Collection[str]) -> str:
    """Return the class that a checkpoint was saved from.

    Args:
        config: `BertConfig`; `architectures`, where it says one, decides.
        names: Collection of str. PyTorch's names of the weights.

    Returns:
        str, one of `MODELS`.

    Raises:
        ValueError: If several classes have such weights.

    Example:
        >>> from tfbert import BertConfig
        >>> model_of(BertConfig(), ["bert.pooler.dense.weight", "qa_outputs.weight"])
        'TFBertForQuestionAnswering'
    """
    for architecture in config.extra.get("architectures") or []:
        name = f"TF{architecture.removeprefix('TF')}"
        if name in MODELS:
            return name
    heads = ("cls.predictions", "cls.seq_relationship", "qa_outputs", "classifier")
    present = tuple(head for head in heads if any(f"{head}." in name for name in names))
    known = {
        (): "TFBertModel",
        ("cls.predictions", "cls.seq_relationship"): "TFBertForPreTraining",
        ("cls.predictions",): "TFBertLMHeadModel" if config.is_decoder else "TFBertForMaskedLM",
        ("cls.seq_relationship",): "TFBertForNextSentencePrediction",
        ("qa_outputs",): "TFBertForQuestionAnswering",
    }
    if present not in known:
        raise ValueError(
            f"Several models have weights of {' and '.join(present)}, and the config names none of them. "
            f"Give --model with one of {', '.join(MODELS)}."
        )
    return known[present]


def _refuse_output(output: Path, folder: Path, overwrite: bool) -> None:
    if not output.exists():
        return
    if not overwrite:
        raise ValueError(f"{str(output)!r} exists already. Choose another folder, or add --overwrite.")
    if output.resolve() == folder.resolve() or not (output / "config.json").is_file():
        raise ValueError(f"{str(output)!r} is IN itself or holds no checkpoint, so it is not replaced.")


def _load(name: str, location: Path, config: BertConfig, tensors: Collection[str]) -> tuple[Any, list[str]]:
    """Return the model and the weights that it has no place for; one that would be partly random is refused."""
    import tfbert

    options = {}
    if name == "TFBertModel" and not any("pooler." in weight for weight in tensors):
        options["add_pooling_layer"] = False
    model, info = getattr(tfbert, name).from_pretrained(location, config=config, output_loading_info=True, **options)
    if info["missing_keys"]:
        raise ValueError(
            f"{str(location)!r} lacks weights of {name}: {', '.join(info['missing_keys'])}. "
            "Give --model with the class that it was saved from."
        )
    return model, info["unexpected_keys"]
