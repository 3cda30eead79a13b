"""Models by name: a folder on this machine, or one that the Hugging Face hub has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

HUB_OPTIONS = ("revision", "cache_dir", "local_files_only", "token", "subfolder")
TOKENIZER_FILES = (
    *("tokenizer.json", "tokenizer_config.json", "vocab.txt"),
    *("special_tokens_map.json", "added_tokens.json"),
)
SENTENCE_FILES = (
    *("modules.json", "config_sentence_transformers.json", "sentence_bert_config.json", "*_Pooling/config.json"),
    *("*_Dense/config.json", "*_Dense/model.safetensors", "*_Dense/pytorch_model.bin"),
)
_HUB_ID = re.compile(r"(?:\w[\w.-]*/)?\w[\w.-]*")
_FILE_ENDINGS = (".bin", ".ckpt", ".h5", ".index", ".json", ".keras", ".safetensors", ".txt")


def resolve_folder(
    location: str | PathLike,
    files: Sequence[str],
    one_of: Sequence[Sequence[str]] = ((),),
    *,
    revision: str | None = None,
    cache_dir: str | PathLike | None = None,
    local_files_only: bool = False,
    token: str | bool | None = None,
    subfolder: str = "",
) -> Path:
    """Return where a model lies on this machine, after fetching it where it is only on the hub.

    Args:
        location: Path of a folder or file, which is returned as it is; or a model's name on the hub, such as
            "google-bert/bert-base-uncased". A `Path` is never looked for on the hub.
        files: Names of files to fetch, with `*` for anything; those that the model lacks are passed over.
        one_of: Groups of more names, of which the first that the model has is fetched.
        revision: str or None. A branch, a tag or a commit; None for the main branch.
        cache_dir: Path or None. Where fetched files are kept; None for the hub's usual place.
        local_files_only: bool, default False. Use what was fetched earlier. `HF_HUB_OFFLINE=1` says the same.
        token: str, bool or None. The hub's token; None or True for that of `hf auth login`.
        subfolder: str, default "". The folder within.

    Returns:
        Path of the folder or file.

    Raises:
        FileNotFoundError: If it is neither here nor on the hub, or the hub cannot be reached.
        ImportError: If it may be on the hub and `huggingface_hub` is not installed.

    Example:
        >>> folder = resolve_folder("google-bert/bert-base-uncased", ["vocab.txt"])  # doctest: +SKIP

    Source: `snapshot_download` of huggingface_hub.
    """
    path = Path(location)
    if path.exists() or Path(f"{path}.index").is_file():  # the prefix of a TensorFlow checkpoint
        return path / subfolder
    if isinstance(location, PathLike) or not _HUB_ID.fullmatch(location) or path.suffix in _FILE_ENDINGS:
        raise FileNotFoundError(
            f"{str(location)!r} is no folder or file on this machine, and no name that the Hugging Face hub allows. "
            "Write the path of a checkpoint, or a name such as 'google-bert/bert-base-uncased'."
        )
    hub: dict[str, Any] = {"revision": revision, "cache_dir": cache_dir, "token": token}
    hub["local_files_only"] = local_files_only
    within = f"{subfolder}/" if subfolder else ""
    for group in one_of:
        folder = _fetch(location, [f"{within}{name}" for name in (*files, *group)], hub) / subfolder
        if any(next(folder.glob(name), None) for name in group):
            break
    return folder


def take_hub_options(overrides: dict[str, Any]) -> dict[str, Any]:
    """Take the options of `resolve_folder` out of those of a `from_pretrained`.

    Args:
        overrides: dict, which is changed.

    Returns:
        A dict.

    Example:
        >>> overrides = {"revision": "main", "max_length": 128}
        >>> take_hub_options(overrides), overrides
        ({'revision': 'main'}, {'max_length': 128})
    """
    return {name: overrides.pop(name) for name in HUB_OPTIONS if name in overrides}


def _fetch(name: str, files: Sequence[str], options: dict[str, Any]) -> Path:
    """Return the folder of the hub's cache that holds the files."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ImportError(
            f"{name!r} is no folder or file on this machine. To fetch a model of that name from the Hugging Face hub "
            'install huggingface_hub: pip install "tfbert-keras[hub]".'
        ) from error
    try:
        return Path(snapshot_download(name, allow_patterns=list(files), **options))
    except (OSError, ValueError) as error:  # the hub's own errors are among them: unknown, private, out of reach
        given = ", ".join(f"{key}={str(value)!r}" for key, value in options.items() if value and key != "token")
        raise FileNotFoundError(
            f"{name!r} is no folder or file on this machine, and the Hugging Face hub did not give a model of that "
            f"name{f' with {given}' if given else ''}. Looked for {', '.join(files)}. The hub's answer: {error}"
        ) from error
