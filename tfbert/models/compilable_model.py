"""CompilableModel: how a model runs, by itself or compiled by XLA for few shapes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfbert.models.adaptable_model import AdaptableModel
from tfbert.models.bucketed_program import BucketedProgram, bucket_shapes, takes_buckets
from tfbert.option_checks import check_flag


class CompilableModel(AdaptableModel):
    """A model of rows of tokens, which runs as `execution` says: a shared part `bert`, and a head."""

    _program: BucketedProgram | None = None

    def head(self, outputs: dict[str, Any], training: bool) -> dict[str, tf.Tensor]:
        """Turn the outputs of the shared part into logits, by their names in the output class."""
        return {}

    def run(self, inputs: dict[str, Any], training: bool) -> dict[str, Any]:
        """Run the shared part and the head."""
        outputs = self.run_shared(inputs, training)
        return {**outputs, **self.head(outputs, training)}

    def run_shared(self, inputs: dict[str, Any], training: bool) -> dict[str, Any]:
        """Run the shared part, in a program of XLA's where `execution` says so and the inputs allow it."""
        is_compiled = self.bert.chosen_execution == "xla" and takes_buckets(inputs, self.config)
        if is_compiled and not tf.is_tensor(training):
            return self._program_of_buckets()(inputs, bool(training))
        return self.bert(**inputs, training=training)

    def _program_of_buckets(self) -> BucketedProgram:
        if self._program is None:
            self._program = BucketedProgram(
                lambda inputs, training: self.bert(**inputs, training=training), self.config
            )
        return self._program

    def forget_graphs(self) -> None:
        """Drop what was traced and compiled."""
        super().forget_graphs()
        self._program = None

    def warm_up(self, batch_sizes: Sequence[int] = (1, 32), max_length: int | None = None) -> int:
        """Let XLA compile every shape ahead, so that no later call waits for it; for `execution="xla"`.

        Args:
            batch_sizes: Sequence of int, default (1, 32). Batches of each size up to its power of two will be ready.
            max_length: int or None. The longest input in tokens; by default the model's positions.

        Returns:
            int. How many shapes were visited: the product of the numbers of batch and of sequence buckets.

        Raises:
            ValueError: If nothing is compiled, or a number is out of range.

        Example:
            >>> model.warm_up(batch_sizes=[8], max_length=128)  # doctest: +SKIP
            6
        """
        if self.bert.chosen_execution != "xla":
            raise ValueError(
                f"Nothing is compiled here: `execution` is {self.bert.chosen_execution!r}. Load the model with "
                'from_pretrained(..., execution="xla").'
            )
        self.check_compiles()
        shapes = bucket_shapes(batch_sizes, self.config.max_position_embeddings, max_length)
        for rows, positions in shapes:
            self._program_of_buckets()({"input_ids": tf.zeros([rows, positions], tf.int32)}, training=False)
        return len(shapes)

    def check_compiles(self) -> None:
        """Refuse a model whose calls cannot be padded to buckets."""
        if not takes_buckets({}, self.config):
            found = "a decoder" if self.config.is_decoder else "config.output_attentions=True"
            raise ValueError(f"Only encoders that do not show attentions are compiled. Received: {found}.")

    @contextlib.contextmanager
    def exported_execution(self, jit_compile: bool) -> Iterator[None]:
        """Trace as a SavedModel is to run: compiled by XLA only if asked for, since not every server can do that."""
        check_flag("jit_compile", jit_compile)
        if jit_compile:
            self.check_compiles()
        usual = self.bert.execution
        with self.running_as("xla" if jit_compile else {"auto": "packed", "xla": "padded"}.get(usual, usual)):
            yield

    @contextlib.contextmanager
    def running_as(self, execution: str) -> Iterator[None]:
        """Trace with another `execution` than the model's own."""
        usual = self.bert.execution
        self.bert.execution = execution
        try:
            yield
        finally:
            self.bert.execution = usual

    def export(
        self, filepath, format="tf_saved_model", verbose=None, input_signature=None, jit_compile=False, **kwargs
    ):
        """Write the model without Keras, as `keras.Model.export`: ids of any batch and length in, outputs out.

        For text in and answers out export a class of `tfbert.tasks`. With `jit_compile` XLA compiles it where it is
        loaded, for each bucket of batch sizes and lengths.
        """
        if input_signature is None:
            input_signature = [
                {
                    name: keras.InputSpec(dtype="int32", shape=(None,) * len(example.shape), name=name)
                    for name, example in self.dummy_inputs.items()
                }
            ]
        with self.exported_execution(jit_compile):
            return super().export(filepath, format=format, verbose=verbose, input_signature=input_signature, **kwargs)
