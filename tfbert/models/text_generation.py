"""How a `TFBertLMHeadModel` lets prompts go on: its steps and its cache, for `tfbert.generation`.

Letters: B prompts, P their length, R rows (several for each prompt where beams are searched), M columns in all, T new
columns, H heads, K width of a head.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfbert.generation import GenerationOptions, generate


def generate_with(
    model: Any,
    input_ids: tf.Tensor,
    attention_mask: tf.Tensor | None,
    token_type_ids: tf.Tensor | None,
    encoder_hidden_states: tf.Tensor | None,
    encoder_attention_mask: tf.Tensor | None,
    seed: tf.Tensor | None,
    options: GenerationOptions,
) -> tf.Tensor:
    """Let prompts go on with a model; see `TFBertLMHeadModel.generate`."""
    if attention_mask is None:
        attention_mask = _real_tokens(input_ids, options)

    def make_step(copies: int):
        def rows(tensor):
            return None if tensor is None else tf.repeat(tensor, copies, axis=0)

        types, states, states_mask = rows(token_type_ids), rows(encoder_hidden_states), rows(encoder_attention_mask)

        def step(new_ids, first_column, mask, cache):
            columns = first_column + tf.range(tf.shape(new_ids)[1])  # [T]
            outputs = model.bert(
                input_ids=new_ids,
                attention_mask=mask,
                token_type_ids=_types_at(types, columns),
                position_ids=tf.gather(_positions(mask), columns, axis=1),
                encoder_hidden_states=states,
                encoder_attention_mask=states_mask,
                past_key_values=cache,
                write_at=first_column,
                use_cache=True,
                output_attentions=False,
                output_hidden_states=False,
                training=False,
            )
            last = {"last_hidden_state": outputs["last_hidden_state"][:, -1:]}  # [R, 1, D]
            return model.head(last, training=False)["logits"][:, 0], outputs["past_key_values"]

        return step

    def make_cache(rows, length):
        """An empty (key, value) [R, H, M, K] for each layer."""
        sizes = [(layer.attention.num_heads, layer.attention.head_size) for layer in model.bert.encoder.layers]
        empty = [tf.zeros([rows, heads, length, width], model.bert.compute_dtype) for heads, width in sizes]
        return tuple((zeros, zeros) for zeros in empty)

    return generate(
        make_step,
        make_cache,
        input_ids,
        attention_mask,
        options=options,
        seed=seed,
        max_positions=model.config.max_position_embeddings,
    )


def refuse_right_padding(attention_mask: tf.Tensor | None) -> None:
    """Refuse prompts that end in padding, wherever values are at hand: new tokens would follow it.

    Args:
        attention_mask: int [B, P] or None.

    Raises:
        ValueError: If the last column is padding somewhere.
    """
    if attention_mask is not None and hasattr(attention_mask, "numpy") and (attention_mask.numpy()[:, -1:] == 0).any():
        raise ValueError(
            "`attention_mask` hides the end of a prompt, where new tokens would follow. Pad on the left: "
            "FastBertTokenizer(..., padding_side='left')."
        )


def _real_tokens(input_ids, options: GenerationOptions):
    """The mask of prompts without one: padding is not seen, unless the same token ends a text."""
    pad = options.pad_token_id
    if pad is None or pad in options.eos_token_ids:
        return None
    return tf.cast(input_ids != pad, tf.int32)


def _positions(mask):
    """Positions int32 [R, M] that count real tokens only; padding has the position 1, as in transformers."""
    return tf.where(mask == 0, 1, tf.cumsum(mask, axis=1) - 1)


def _types_at(types, columns):
    """Token types [R, T]: those of the prompt, and that of its last token for all that follow."""
    return None if types is None else tf.gather(types, tf.minimum(columns, tf.shape(types)[1] - 1), axis=1)
