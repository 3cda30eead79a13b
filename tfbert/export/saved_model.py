"""SavedModels that every loader accepts: TF Serving, a plain Session, the C API, and Python without tfbert."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from tfbert.export.staging import staged_folder
from tfbert.export.verify import check_answers, check_ops
from tfbert.json_file import write_json
from tfbert.version import __version__

if TYPE_CHECKING:
    from tfbert.tasks.task import Task

METADATA_FILE = "assets.extra/tfbert.json"
IDS_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def export_saved_model(task: Task, path: str | PathLike, *, columns: list[str], overwrite: bool = False) -> Path:
    """Write a task as a SavedModel, check it, and put it in place in one step.

    Args:
        task: The task.
        path: Path of the new folder.
        columns: list of str. Names of the text inputs: ["text"], or ["text", "text_pair"].
        overwrite: bool, default False. Replace an existing folder.

    Returns:
        The path.

    Raises:
        FileExistsError: If the folder exists and `overwrite` is False.
        ExportError: If the written model does not answer as the task does, or holds an op that servers lack.
    """
    signatures = make_signatures(task, columns)
    module = tf.Module(name="tfbert")
    # Plain variables, and Keras objects in closures only: a SavedModel that tracks Keras objects loads in Python,
    # but a Session or the C API finds none of its variables.
    module.weights = [variable.value for variable in task.variables]
    with staged_folder(path, overwrite) as folder:
        tf.saved_model.save(module, str(folder), signatures=signatures)
        (folder / METADATA_FILE).parent.mkdir(exist_ok=True)
        write_json(folder / METADATA_FILE, {"tfbert_version": __version__, **task.export_metadata()})
        check_ops(folder)
        check_answers(folder, signatures, columns)
    return Path(path)


def make_signatures(task: Task, columns: list[str]) -> dict[str, Any]:
    """Return the graph functions that a task is served by.

    Args:
        task: The task.
        columns: list of str. Names of the text inputs.

    Returns:
        A dict: `serving_default` and `tokenize` take the text columns, string [None]; `ids` takes `input_ids`,
        `attention_mask` and `token_type_ids`, int32 [None, None]. All return dicts of batch-major tensors.
    """
    text_specs = [tf.TensorSpec([None], tf.string, name=name) for name in columns]
    ids_specs = [tf.TensorSpec([None, None], tf.int32, name=name) for name in IDS_INPUTS]

    def serving_default(*texts):
        return task(dict(zip(columns, texts)), training=False)

    def tokenize(*texts):
        text, text_pair = texts if len(texts) == 2 else (texts[0], None)
        return task.tokenizer(text, text_pair, return_attention_mask=True, return_token_type_ids=True)

    def ids(*inputs):
        return task.forward(dict(zip(IDS_INPUTS, inputs)), training=False)

    return {
        "serving_default": _graph_function(serving_default, text_specs),
        "tokenize": _graph_function(tokenize, text_specs),
        "ids": _graph_function(ids, ids_specs),
    }


def _graph_function(function: Any, specs: list[tf.TensorSpec]) -> Any:
    return tf.function(function, input_signature=specs, autograph=False).get_concrete_function()
