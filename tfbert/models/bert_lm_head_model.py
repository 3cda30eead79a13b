"""TFBertLMHeadModel: the next piece, and text from a prompt."""

from __future__ import annotations

import dataclasses
import functools
import logging

import keras
import tensorflow as tf

from tfbert.generation import GenerationOptions
from tfbert.layers.lm_prediction_head import BertLMPredictionHead
from tfbert.models.model_inputs import DECODER_ARGUMENTS, gather_inputs
from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.models.text_generation import generate_with, refuse_right_padding
from tfbert.outputs import TFCausalLMOutputWithCrossAttentions
from tfbert.training.losses.label_losses import NextTokenLoss

MOST_GRAPHS = 16  # one for each set of options, the oldest makes room
logger = logging.getLogger("tfbert")


@keras.saving.register_keras_serializable(package="tfbert")
class TFBertLMHeadModel(BertPreTrainedModel):
    """BERT as a decoder, with a head that scores every piece of the vocabulary as the next one.

    Calling it takes `input_ids, attention_mask, token_type_ids, position_ids, head_mask, inputs_embeds,
    encoder_hidden_states, encoder_attention_mask, past_key_values, use_cache, output_attentions, output_hidden_states,
    return_dict, labels`.

    Args:
        config: `BertConfig`; a decoder has `is_decoder=True`.
        execution: str, default "auto"; see `TFBertModel`.
        **kwargs: `name` and `dtype` of the Keras model.

    Returns:
        Called, a `TFCausalLMOutputWithCrossAttentions` with `logits` float32 [B, S, V] and, where `labels` int [B, S]
        are given, the scalar `loss` of each position's logits against the next label, without labels of -100.

    Example:
        >>> from tfbert import BertConfig, TFBertLMHeadModel
        >>> config = BertConfig(
        ...     vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, is_decoder=True
        ... )
        >>> TFBertLMHeadModel(config)([[5, 6, 7]]).logits.shape
        TensorShape([1, 3, 99])

    Source: `TFBertLMHeadModel` of Hugging Face transformers 4.
    """

    arguments = (*DECODER_ARGUMENTS, "labels")
    output_class = TFCausalLMOutputWithCrossAttentions

    def make_head(self) -> None:
        """Make the head over the vocabulary."""
        # Not by `self.x = …`: Keras would take the graphs for state to track.
        object.__setattr__(self, "_generators", {})
        self.predictions = BertLMPredictionHead.from_bert_config(self.config, dtype=self.dtype_policy)
        if not self.config.is_decoder:
            logger.warning(
                "A TFBertLMHeadModel with is_decoder=False sees later pieces too and cannot predict the next one; "
                "write from_pretrained(..., is_decoder=True)."
            )

    def head(self, outputs, training):
        """Return `logits` [B, S, V]."""
        return {"logits": self.score_vocabulary(outputs["last_hidden_state"])}

    def generate(
        self,
        input_ids,
        attention_mask=None,
        token_type_ids=None,
        *,
        encoder_hidden_states=None,
        encoder_attention_mask=None,
        seed=None,
        **options,
    ) -> tf.Tensor:
        """Let prompts go on, in one loop inside the graph, with a cache of fixed size.

        Args:
            input_ids: int [B, P]. Prompts, padded on the left.
            attention_mask: int [B, P] or None. 0 at padding; None takes every `pad_token_id` for padding.
            token_type_ids: int [B, P] or None. New tokens have the type of the prompt's last.
            encoder_hidden_states: float [B, T, D] or None. What a model with cross-attention attends to.
            encoder_attention_mask: int [B, T] or None.
            seed: int, integer scalar tensor or None. Of sampling; the same seed gives the same text.
            **options: Fields of `tfbert.generation.GenerationOptions`: `max_new_tokens`, `num_beams`, `do_sample`,
                `temperature`, `top_k`, `top_p`, `eos_token_id` and others. `eos_token_id` and `pad_token_id` are the
                config's by default.

        Returns:
            int32 [B · num_return_sequences, P + N]: prompts and new tokens, padded to the longest of them.

        Raises:
            ValueError: If the model is no decoder, or options contradict each other.

        Example:
            >>> from tfbert import BertConfig, TFBertLMHeadModel
            >>> config = BertConfig(
            ...     vocab_size=99, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, is_decoder=True
            ... )
            >>> TFBertLMHeadModel(config).generate([[5, 6, 7]], max_new_tokens=4).shape
            TensorShape([1, 7])

        Source: `GenerationMixin.generate` of Hugging Face transformers.
        """
        if not self.config.is_decoder:
            raise ValueError("Only a decoder generates text: write from_pretrained(..., is_decoder=True).")
        given = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": token_type_ids,
            "encoder_hidden_states": encoder_hidden_states,
            "encoder_attention_mask": encoder_attention_mask,
        }
        inputs = gather_inputs((given,), {}, self.arguments)
        self.check_inputs(inputs)
        if encoder_attention_mask is not None and len(inputs["encoder_attention_mask"].shape) != 2:
            raise ValueError("`encoder_attention_mask` must have rank 2 in `generate`: it serves every new token.")
        unknown = sorted(set(options) - {field.name for field in dataclasses.fields(GenerationOptions)})
        if unknown:
            known = ", ".join(field.name for field in dataclasses.fields(GenerationOptions))
            raise TypeError(f"`generate` takes no option {unknown[0]!r}. It takes: {known}.")
        defaults = {"eos_token_id": self.config.extra.get("eos_token_id"), "pad_token_id": self.config.pad_token_id}
        generator = self._generator(GenerationOptions(**{**defaults, **options}))
        refuse_right_padding(inputs.get("attention_mask"))
        return generator(*(inputs.get(name) for name in given), None if seed is None else tf.convert_to_tensor(seed))

    def _generator(self, options: GenerationOptions):
        """Return the graph for these options, traced once however often it is called."""
        if options not in self._generators:
            while len(self._generators) >= MOST_GRAPHS:
                del self._generators[next(iter(self._generators))]
            run = functools.partial(generate_with, self, options=options)
            self._generators[options] = tf.function(run, reduce_retracing=True, autograph=False)
        return self._generators[options]

    def forget_compiled_functions(self) -> None:
        """Drop what was traced for variables that were replaced."""
        super().forget_compiled_functions()
        self._generators.clear()

    def loss_function(self, objective, labels=None) -> keras.losses.Loss:
        """Return the cross-entropy of the next piece."""
        return NextTokenLoss(name="loss")
