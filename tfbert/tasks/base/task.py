"""Task: what every string-in, answer-out model shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import keras
import tensorflow as tf

from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.tasks.base.task_files import TaskFiles
from tfbert.tasks.base.text_dataset import is_tokenized


class Task(TaskFiles):
    """A Keras model from text to answer: tokenizer, BERT model, and the decoding of its outputs.

    Text is a str, a list or tuple, a NumPy array of any string kind, a pandas Series, a `tf.string` tensor, a dict of
    columns, a list of dicts of rows, or a `tf.data.Dataset` of those. `fit` and `evaluate` tokenize in `tf.data`, so
    that training steps see ids only; calling and `predict` answer text with the same keys as the SavedModel. A call
    also takes ids, `{"input_ids": …}`, and then returns what `forward` does.

    A sub-class says which text it takes (`columns`), what happens to it (`tokenize`), to ids (`forward`) and to
    outputs (`decode`), and what labels are (`prepare_labels`). Its options of answering are constructor arguments and
    attributes of the same names (`option_names`): they are saved, exported, and changed by `with_options`.

    Args:
        model: A `BertPreTrainedModel`.
        tokenizer: `FastBertTokenizer`.
        has_new_head: bool, default False. Whether the head was never trained, so that answers are random.
        **kwargs: `name` of the Keras model.

    Raises:
        ValueError: If the tokenizer allows longer inputs, or has more pieces, than the model has embeddings.
    """

    # === What a sub-class says ===

    @property
    def decodes_ids(self) -> bool:
        """Whether `decode` needs ids and outputs only, and `tokenize` nothing but the tokenizer."""
        return False

    @property
    def example_method(self) -> str | None:
        """Which of TF Serving's services for `tf.Example` answers as the task does: "classify", "regress" or None."""
        return None

    def tokenize(self, columns: dict[str, tf.Tensor]) -> dict[str, Any]:
        """Turn text columns into the model's inputs, and what `decode` needs beside them."""
        return self.tokenizer(*columns.values())

    def forward(self, features: dict[str, Any], training: bool) -> dict[str, tf.Tensor]:
        """Run the model on tokenized inputs; what it returns is what training sees."""
        raise NotImplementedError

    def decode(
        self, outputs: dict[str, tf.Tensor], features: dict[str, Any], columns: dict[str, tf.Tensor]
    ) -> dict[str, tf.Tensor]:
        """Turn the outputs of `forward` into the answers to the rows of `columns`, batch-major."""
        raise NotImplementedError

    def ids_of(self, columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the model's inputs, one row for each row of text; what the signature "tokenize" serves."""
        return self.tokenizer(*columns.values(), return_attention_mask=True, return_token_type_ids=True)

    def ids_ranks(self) -> dict[str, int]:
        """Return the ranks of the model's inputs by name, as `ids_of` returns them."""
        return {name: example.shape.rank for name, example in self.model.dummy_inputs.items()}

    def loss_function(self, objective, labels: Any = None) -> keras.losses.Loss | None:
        """Return the loss that stands in where `compile` was given none: the model's own."""
        return self.model.loss_function(objective, labels)

    def check_labels(self, objective, labels: Any, logits: Any) -> None:
        """Refuse labels that the model refuses."""
        self.model.check_labels(objective, labels, logits)

    # === Calling ===

    def __call__(self, inputs, training=None, **kwargs):
        if not is_tokenized(inputs):
            inputs = self.read_inputs(inputs)
        return super().__call__(inputs, training=training, **kwargs)

    def call(self, inputs, training=False):
        if is_tokenized(inputs):
            return self.forward(inputs, training)
        features = self.tokenize(inputs)
        return self.decode(self.forward(features, training), features, inputs)

    def train_step(self, data):
        self.has_new_head = False  # before callbacks save it for the first time
        return super().train_step(data)

    def warm_up(self, batch_sizes: Sequence[int] = (1, 32), max_length: int | None = None) -> int:
        """Let XLA compile every shape ahead, so that no later answer waits for it; for `execution="xla"`.

        Args:
            batch_sizes: Sequence of int, default (1, 32). Batches of each size up to its power of two will be ready;
                rows are the model's, such as the windows of long contexts.
            max_length: int or None. The longest input in tokens; by default the tokenizer's.

        Returns:
            int. How many shapes were visited: the product of the numbers of batch and of sequence buckets.

        Raises:
            ValueError: If nothing is compiled, or a number is out of range.

        Example:
            >>> TextEmbedder.from_pretrained(folder, execution="xla").warm_up()  # doctest: +SKIP
            20
        """
        return self.model.warm_up(batch_sizes, self.longest_input if max_length is None else max_length)

    @property
    def answers_in_steps(self) -> bool:
        """Whether an answer is `tokenize`, `forward` and `decode`: not where a class has its own `call`."""
        return type(self).call is Task.call

    def with_options(self, **changes: Any) -> Self:
        """Return this task with other options of answering or of its tokenizer, on the same weights.

        Args:
            **changes: Options by name: those of the class, or arguments of `FastBertTokenizer`.

        Returns:
            A task that shares this one's model.

        Raises:
            TypeError: If there is no such option.
            ValueError: If a value is out of range.
        """
        of_tokenizer = {n: v for n, v in changes.items() if n in FastBertTokenizer.default_options()}
        for name in self.option_names:
            of_tokenizer.pop(name, None)
        unknown = sorted(set(changes) - set(self.option_names) - set(of_tokenizer))
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no option {unknown[0]!r}; it has {', '.join(self.option_names) or 'none'}, "
                "and those of FastBertTokenizer."
            )
        options = {**self.options(), **{n: v for n, v in changes.items() if n in self.option_names}}
        tokenizer = self.tokenizer
        if of_tokenizer:
            tokenizer = FastBertTokenizer.from_config({**tokenizer.get_config(), **of_tokenizer})
        return self._twin(tokenizer, options)

    def for_litert(self) -> Self:
        """Return this task with a tokenizer of nothing but ops that LiteRT runs, on the same weights.

        Raises:
            ValueError: If an option of the tokenizer takes ops that LiteRT lacks; the message names it.
        """
        return self._twin(self.tokenizer.for_litert(), self.options())

    def _twin(self, tokenizer: FastBertTokenizer, options: dict[str, Any]) -> Self:
        """A task of other options on the same model."""
        twin = type(self)(self.model, tokenizer, has_new_head=self.has_new_head, **options)
        twin.training_state = self.training_state
        twin.default_learning_rate, twin.run_eagerly = self.default_learning_rate, self.run_eagerly
        return twin
