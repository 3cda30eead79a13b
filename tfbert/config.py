"""BertConfig: the settings of a BERT model, in the words of Hugging Face's `config.json`."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.class_labels import resolve_labels
from tfbert.config_file import CONFIG_FILES, read_config_values
from tfbert.hub import resolve_folder, take_hub_options
from tfbert.json_file import write_json
from tfbert.option_checks import check_count

PROBLEM_TYPES = ("regression", "single_label_classification", "multi_label_classification")
POSITION_EMBEDDING_TYPES = ("absolute", "relative_key", "relative_key_query")


def _keeping_unknown(cls: type) -> type:
    """Let the constructor take the keys that it does not know, and keep them in `extra`."""
    generated: Any = cls.__init__  # type: ignore[misc]

    @functools.wraps(generated)
    def __init__(self, *, extra: Mapping[str, Any] | None = None, model_type: str = "bert", **values: Any):
        if model_type != "bert":
            raise ValueError(
                f"`model_type` must be 'bert'. Received: {model_type!r}. tfbert loads BERT checkpoints only."
            )
        names = {field.name for field in dataclasses.fields(cls)}
        known = {name: value for name, value in values.items() if name in names}
        unknown = {name: value for name, value in values.items() if name not in names}
        generated(self, **known, extra={**(extra or {}), **unknown})

    cls.__init__ = __init__  # type: ignore[misc]
    return cls


@_keeping_unknown
@dataclasses.dataclass(frozen=True, kw_only=True)
class BertConfig:
    """The settings of a BERT model; the same fields and defaults as Hugging Face's `BertConfig`.

    A config never changes: `config.replace(hidden_act="relu")` gives a new one. `id2label`, `label2id` and `num_labels`
    always agree: give any one of them and the others follow.

    Args:
        vocab_size: int, default 30522. Rows of the word embedding table.
        hidden_size: int, default 768. Width D of the hidden states; a multiple of `num_attention_heads`.
        num_hidden_layers: int, default 12. Number of transformer layers.
        num_attention_heads: int, default 12. Attention heads per layer.
        intermediate_size: int, default 3072. Width of the feed-forward layer.
        hidden_act: str or function, default "gelu" (the exact one). A name from `tfbert.layers.ACTIVATIONS`, or a
            function of a tensor; a `config.json` holds names only.
        hidden_dropout_prob: float in [0, 1), default 0.1. Dropout of embeddings and layer outputs.
        attention_probs_dropout_prob: float in [0, 1), default 0.1. Dropout of attention probabilities.
        max_position_embeddings: int, default 512. The longest input, in tokens.
        type_vocab_size: int, default 2. Rows of the token type table.
        initializer_range: float, default 0.02. Standard deviation of new weights.
        layer_norm_eps: float, default 1e-12. Epsilon of every layer normalisation.
        pad_token_id: int or None, default 0. Id of the padding token.
        position_embedding_type: str, default "absolute". "relative_key" and "relative_key_query" compare distances in
            the attention instead of adding positions.
        is_decoder: bool, default False. Each position sees itself and earlier ones only.
        add_cross_attention: bool, default False. A decoder also attends to an encoder's states.
        use_cache: bool, default True. A decoder returns its keys and values where a call does not say.
        pruned_heads: dict of int to list of int, default empty. For each layer the attention heads that it lacks.
        classifier_dropout: float or None, default None. Dropout before the head; None takes `hidden_dropout_prob`.
        tie_word_embeddings: bool, default True.
        num_labels: int or None, default None. Number of classes; 2 where nothing says otherwise.
        id2label: dict of int (or its string) to str, or None. Names of the classes.
        label2id: dict of str to int, or None. The inverse of `id2label`.
        problem_type: str or None. "regression", "single_label_classification" or "multi_label_classification".
        output_attentions: bool, default False. Return attention probabilities where a call does not say.
        output_hidden_states: bool, default False. Return all hidden states where a call does not say.
        return_dict: bool, default True. Return an output object rather than a tuple where a call does not say.
        extra: dict. Every other key: those of `config.json` and of the constructor are kept, read as attributes, and
            written back.

    Raises:
        ValueError: If a value is out of its range or two values contradict each other.

    Example:
        >>> from tfbert import BertConfig
        >>> BertConfig(hidden_size=128, num_attention_heads=2, id2label={0: "no", 1: "yes"}).num_labels
        2

    Source: `BertConfig` of Hugging Face transformers.
    """

    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str | Callable = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12
    pad_token_id: int | None = 0
    position_embedding_type: str = "absolute"
    is_decoder: bool = False
    add_cross_attention: bool = False
    use_cache: bool = True
    pruned_heads: Mapping[int, list[int]] = dataclasses.field(default_factory=dict)
    classifier_dropout: float | None = None
    tie_word_embeddings: bool = True
    num_labels: int = None  # type: ignore[assignment]  # resolved from the labels below
    id2label: Mapping[int, str] = None  # type: ignore[assignment]
    label2id: Mapping[str, int] = None  # type: ignore[assignment]
    problem_type: str | None = None
    output_attentions: bool = False
    output_hidden_states: bool = False
    return_dict: bool = True
    extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        for name in ("vocab_size", "hidden_size", "num_attention_heads", "intermediate_size"):
            self._check_integer(name, minimum=1)
        for name in ("max_position_embeddings", "type_vocab_size"):
            self._check_integer(name, minimum=1)
        self._check_integer("num_hidden_layers", minimum=0)
        for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"):
            self._check_probability(name)
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                "`hidden_size` must be a multiple of `num_attention_heads`. "
                f"Received: hidden_size={self.hidden_size}, num_attention_heads={self.num_attention_heads}."
            )
        if not isinstance(self.layer_norm_eps, Real) or not self.layer_norm_eps > 0:
            raise ValueError(f"`layer_norm_eps` must be above 0. Received: {self.layer_norm_eps!r}.")
        if not isinstance(self.initializer_range, Real) or not self.initializer_range >= 0:
            raise ValueError(f"`initializer_range` must not be negative. Received: {self.initializer_range!r}.")
        if self.position_embedding_type not in POSITION_EMBEDDING_TYPES:
            raise ValueError(
                f"`position_embedding_type` must be one of {POSITION_EMBEDDING_TYPES}. "
                f"Received: {self.position_embedding_type!r}."
            )
        if self.add_cross_attention and not self.is_decoder:
            raise ValueError(
                "`add_cross_attention` belongs to a decoder. Received: add_cross_attention=True, is_decoder=False. "
                "Write BertConfig(is_decoder=True, add_cross_attention=True)."
            )
        object.__setattr__(self, "pruned_heads", self._checked_heads())
        if self.problem_type is not None and self.problem_type not in PROBLEM_TYPES:
            raise ValueError(f"`problem_type` must be None or one of {PROBLEM_TYPES}. Received: {self.problem_type!r}.")
        count, names, inverse = resolve_labels(self.num_labels, self.id2label, self.label2id)
        object.__setattr__(self, "num_labels", count)
        object.__setattr__(self, "id2label", names)
        object.__setattr__(self, "label2id", inverse)

    def _check_integer(self, name: str, minimum: int) -> None:
        value = getattr(self, name)
        check_count(name, value, minimum)
        object.__setattr__(self, name, int(value))

    def _checked_heads(self) -> dict[int, list[int]]:
        """Return `pruned_heads` with numbers as keys, which JSON turned into strings."""
        heads = {
            int(layer): sorted({int(head) for head in pruned}) for layer, pruned in (self.pruned_heads or {}).items()
        }
        for layer, pruned in heads.items():
            known = 0 <= layer < self.num_hidden_layers and set(pruned) < set(range(self.num_attention_heads))
            if not known:
                raise ValueError(
                    f"`pruned_heads` must name heads from 0 to {self.num_attention_heads - 1} of layers from 0 to "
                    f"{self.num_hidden_layers - 1}, and leave each layer a head. Received: {layer}: {pruned}."
                )
        return {layer: pruned for layer, pruned in heads.items() if pruned}

    def _check_probability(self, name: str) -> None:
        value = getattr(self, name)
        if name == "classifier_dropout" and value is None:
            return
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
            raise ValueError(f"`{name}` must be a number from 0 up to, not including, 1. Received: {value!r}.")

    def __getattr__(self, name: str) -> Any:
        extra = self.__dict__.get("extra", {})
        if name in extra:
            return extra[name]
        raise AttributeError(f"BertConfig has no field {name!r}.")

    @property
    def head_dropout(self) -> float:
        """Dropout in front of a task head: `classifier_dropout`, else `hidden_dropout_prob`."""
        return self.hidden_dropout_prob if self.classifier_dropout is None else self.classifier_dropout

    @property
    def has_default_labels(self) -> bool:
        """Whether the classes still have the names that nobody chose, such as LABEL_0."""
        return all(label == f"LABEL_{index}" for index, label in self.id2label.items())

    def replace(self, **changes: Any) -> BertConfig:
        """Return a copy with some fields changed; new labels replace all three label fields.

        Args:
            **changes: Fields of this class by name. Any other name goes to `extra`.

        Returns:
            A new `BertConfig`.

        Example:
            >>> from tfbert import BertConfig
            >>> BertConfig().replace(num_labels=3).id2label
            {0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2'}
        """
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        label_fields = {"num_labels", "id2label", "label2id"}
        if label_fields & set(changes):
            same_count = set(changes) & label_fields == {"num_labels"} and changes["num_labels"] == self.num_labels
            if not same_count:
                fields = {name: value for name, value in fields.items() if name not in label_fields}
        return BertConfig(**{**fields, **changes})

    def to_dict(self) -> dict[str, Any]:
        """Return the contents of `config.json`: every field, and every unknown key that was read.

        Returns:
            A dict that `json.dumps` accepts; `from_dict` reads it back to an equal config.
        """
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        fields.update(fields.pop("extra"))
        fields.pop("num_labels")  # follows from id2label, and Hugging Face does not write it either
        fields["pruned_heads"] = {str(layer): heads for layer, heads in self.pruned_heads.items()}
        fields["id2label"] = {str(index): label for index, label in self.id2label.items()}
        return {"model_type": "bert", **fields}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], **overrides: Any) -> BertConfig:
        """Build a config from the contents of a `config.json`.

        Args:
            values: dict. Keys that are no field of this class are kept in `extra`.
            **overrides: Fields to set differently, such as `num_labels=3`.

        Returns:
            A `BertConfig`.

        Raises:
            ValueError: If the contents describe no BERT, or a value is out of range.
        """
        config = cls(**values)
        return config.replace(**overrides) if overrides else config

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | PathLike, **overrides: Any) -> BertConfig:
        """Read the settings of a checkpoint: `config.json`, `bert_config.json`, or those in a `.keras` file.

        Args:
            pretrained_model_name_or_path: Path of a folder, of a file in it, or of the JSON file itself; or the model's
                name on the Hugging Face hub.
            **overrides: Fields to set differently; and for the hub `revision`, `cache_dir`, `local_files_only`,
                `token` and `subfolder`.

        Returns:
            A `BertConfig`.

        Raises:
            FileNotFoundError: If there are no settings.
            ValueError: If the file is no JSON object or a value is out of range.
        """
        location = resolve_folder(pretrained_model_name_or_path, CONFIG_FILES, **take_hub_options(overrides))
        return cls.from_dict(read_config_values(location), **overrides)

    def save_pretrained(self, folder: str | PathLike) -> None:
        """Write `config.json` into a folder, which is made if it is missing.

        Args:
            folder: Path of the folder.
        """
        if not isinstance(self.hidden_act, str):
            raise ValueError(
                f"`hidden_act` must be a name to be written to config.json. Received: {self.hidden_act!r}. "
                "Save the model as a .keras file, or write config.replace(hidden_act='gelu')."
            )
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "config.json", self.to_dict())
