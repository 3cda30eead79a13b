"""ONNX files, checked before they take their place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.export.formats import PRECISIONS
from tfbert.export.onnx.channel_ranges import channel_ranges, random_ids
from tfbert.export.onnx.clean_process import answer_in_clean_process
from tfbert.export.onnx.convert import to_onnx
from tfbert.export.onnx.fusions import MICROSOFT, fuse
from tfbert.export.onnx.graph_patterns import GraphPatterns
from tfbert.export.onnx.join import put_before
from tfbert.export.onnx.onnx_model import METADATA_KEY
from tfbert.export.onnx.precision import to_float16, to_int8, weight_of
from tfbert.export.onnx.text_front import text_front
from tfbert.export.report_file import report_path
from tfbert.export.staging import check_target, staged_path
from tfbert.export.verify import compare_outputs
from tfbert.option_checks import check_choice
from tfbert.optional import import_optional
from tfbert.str_array import as_str_array
from tfbert.version import __version__

if TYPE_CHECKING:
    from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer

ONNX_PRECISIONS = tuple(precision for precision in PRECISIONS if precision != "full_int8")
Tensors = Mapping[str, Any]


def export_onnx(
    path: str | PathLike,
    function: Callable[[dict[str, tf.Tensor]], Tensors],
    ranks: Mapping[str, int],
    variables: Sequence[keras.Variable],
    metadata: Mapping[str, Any],
    *,
    tokenizer: FastBertTokenizer,
    ids: Sequence[Mapping[str, np.ndarray]],
    texts: Sequence[Mapping[str, Any]] = (),
    answer: Callable[[dict[str, tf.Tensor]], Tensors] | None = None,
    precision: str = "float32",
    overwrite: bool = False,
) -> Path:
    """Write a function of ids as an ONNX file, check it, and put it in place in one step.

    The file takes the ids, and runs in plain ONNX Runtime; or, with `texts`, the tokenizer goes before the function,
    and the file takes texts, for which ONNX Runtime needs onnxruntime-extensions.

    Args:
        path: Path of the new file, such as "sentiment.onnx".
        function: Takes a dict of `input_ids`, `attention_mask` and `token_type_ids`, int32, and returns a dict of
            tensors. One that has the name of an input is left out of a file that takes ids.
        ranks: dict from the name of each of those to its rank.
        variables: Keras variables that the function reads.
        metadata: dict, packed into the file.
        tokenizer: `FastBertTokenizer` that the ids are made by.
        ids: Sequence of dicts of ids, what the file is checked on; "dynamic_int8" also looks there for the places of
            special tokens.
        texts: Sequence of dicts of text columns [B]. Where there are some, the file takes them, and is checked on them.
        answer: Takes a dict of text columns, and returns what the file is to return; goes with `texts`.
        precision: str, default "float32". "float16" stores weights in 16 bits; "dynamic_int8" stores them in 8, and
            rounds activations to 8 bits as they come.
        overwrite: bool, default False. Replace an existing file.

    Returns:
        The path.

    Raises:
        FileExistsError: If the file exists and `overwrite` is False.
        ValueError: If the name of the file does not end in .onnx, the precision is none of these, or an option of the
            tokenizer has no exact form in ONNX.
        ExportError: If ONNX lacks an op, or the file does not answer as the function does.
        ImportError: If a library of the extra `onnx` is missing.
    """
    path = check_target(path, ".onnx", overwrite)
    if precision == "full_int8":
        raise ValueError('ONNX files have no precision="full_int8". Write "dynamic_int8", or format="litert".')
    check_choice("precision", precision, ONNX_PRECISIONS)
    # The front first: what it refuses shows at once.
    front = text_front(tokenizer, list(texts[0]), empty_pair_is_single=True) if texts else None
    # Outputs may not have the names of inputs: those of a file with texts get other names, else the output is left out.
    prefix = "features/" if front is not None else ""
    taken = list(ranks) if front is None else [output.name for output in front.graph.output]
    names = [f"{prefix}{name}" for name in taken]

    def served(features):
        return {name: values for name, values in function(features).items() if name not in names}

    specs = [tf.TensorSpec([None] * ranks[name], tf.int32, name=f"{prefix}{name}") for name in taken]
    model = to_onnx(lambda *tensors: served(dict(zip(taken, tensors))), specs, variables)
    model.opset_import.append(import_optional("onnx.helper").make_opsetid(MICROSOFT, 1))
    fuse(model)
    if precision == "float16":
        to_float16(model)
    elif precision == "dynamic_int8":
        special = (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
        drawn = random_ids(ids[-1], special, tokenizer.vocab_size)
        _to_int8(model, {f"{prefix}{name}": drawn[name] for name in taken})
    if front is not None:
        model = put_before(front, model, dict(zip(taken, names)))
    content = json.dumps({"tfbert_version": __version__, **metadata}, ensure_ascii=False)
    model.metadata_props.add(key=METADATA_KEY, value=content)
    with staged_path(path, overwrite) as file:
        import_optional("onnx").save(model, str(file))
        del model
        _check(file, list(texts or ids), answer or served, exactly=precision == "float32")
    report_path(path).unlink(missing_ok=True)  # that of the file before
    return path


def _to_int8(model: Any, batch: Mapping[str, np.ndarray]) -> None:
    graph = GraphPatterns(model)
    multiplied = {node.input[0] for node in graph.nodes("MatMul") if weight_of(graph, node)}
    to_int8(model, channel_ranges(model, sorted(multiplied), [batch]))


def _check(file: Path, probes: Sequence[Tensors], function: Callable[[Any], Tensors], exactly: bool) -> None:
    """Compare the answers of the file, in a process without TensorFlow, with those of the function."""
    given = [{name: _as_given(values) for name, values in probe.items()} for probe in probes]
    for probe, found in zip(given, answer_in_clean_process(file, given)):
        expected = function({name: tf.constant(values) for name, values in probe.items()})
        compare_outputs("onnx", expected, found, exactly)


def _as_given(values: Any) -> np.ndarray:
    """Ids as they are, texts as str objects."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values
    return as_str_array(np.array(values, object))
