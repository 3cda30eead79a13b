"""Activation functions by the names that Hugging Face's `hidden_act` uses."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import keras
import tensorflow as tf


def gelu(x: tf.Tensor) -> tf.Tensor:
    """Exact GELU by the error function (Hendrycks & Gimpel, 2016), BERT's default."""
    # By erf: tf.nn.gelu is written with erfc, which ONNX converters do not know.
    return 0.5 * x * (1.0 + tf.math.erf(x * math.sqrt(0.5)))


def gelu_new(x: tf.Tensor) -> tf.Tensor:
    """GELU by the tanh approximation, as in Google's original BERT and GPT-2."""
    return tf.nn.gelu(x, approximate=True)


def gelu_10(x: tf.Tensor) -> tf.Tensor:
    """Exact GELU clipped to [-10, 10]."""
    return tf.clip_by_value(gelu(x), -10.0, 10.0)


def gelu_fast(x: tf.Tensor) -> tf.Tensor:
    """GELU by tanh with the constant 0.7978845608 spelled out."""
    return 0.5 * x * (1.0 + tf.tanh(x * 0.7978845608 * (1.0 + 0.044715 * x * x)))


def quick_gelu(x: tf.Tensor) -> tf.Tensor:
    """GELU by a sigmoid: x · sigmoid(1.702 x)."""
    return x * tf.sigmoid(1.702 * x)


def mish(x: tf.Tensor) -> tf.Tensor:
    """X · tanh(softplus(x)) (Misra, 2019)."""
    return x * tf.tanh(tf.math.softplus(x))


def laplace(x: tf.Tensor) -> tf.Tensor:
    """The normal distribution function with mean √½ and deviation √(1/4π) (Ma et al., "Mega", 2022)."""
    return 0.5 * (1.0 + tf.math.erf((x - 0.707107) / (0.282095 * math.sqrt(2.0))))


ACTIVATIONS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "gelu": gelu,
    "gelu_python": gelu,
    "gelu_10": gelu_10,
    "gelu_fast": gelu_fast,
    "gelu_new": gelu_new,
    "gelu_pytorch_tanh": gelu_new,
    "laplace": laplace,
    "leaky_relu": lambda x: tf.nn.leaky_relu(x, alpha=0.01),
    "linear": tf.identity,
    "mish": mish,
    "quick_gelu": quick_gelu,
    "relu": tf.nn.relu,
    "relu2": lambda x: tf.square(tf.nn.relu(x)),
    "relu6": tf.nn.relu6,
    "sigmoid": tf.sigmoid,
    "silu": tf.nn.silu,
    "swish": tf.nn.silu,
    "tanh": tf.tanh,
}


def resolve_activation(activation: str | Callable | Mapping) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the activation function that a config names or holds.

    Args:
        activation: str, a key of `ACTIVATIONS`; a function; or what `activation_config` made of one.

    Returns:
        A function from a tensor to a tensor of the same shape.

    Raises:
        ValueError: If there is none of that name.
    """
    if isinstance(activation, Mapping):
        return keras.saving.deserialize_keras_object(dict(activation))
    if callable(activation):
        return activation
    if activation not in ACTIVATIONS:
        raise ValueError(f"`hidden_act` must be a function or one of {sorted(ACTIVATIONS)}. Received: {activation!r}.")
    return ACTIVATIONS[activation]


def activation_config(activation: str | Callable | Mapping) -> str | dict:
    """Return what a Keras config holds for an activation: its name, or a description of the registered function.

    Args:
        activation: str, function, or a description.

    Returns:
        A str or a dict.

    Raises:
        ValueError: If it is a function that Keras could not find again.
    """
    if isinstance(activation, str):
        return activation
    if isinstance(activation, Mapping):
        return dict(activation)
    if keras.saving.get_registered_name(activation) == getattr(activation, "__name__", None):
        raise ValueError(
            f"`hidden_act` {activation!r} cannot be saved, because nothing says where to find it. Decorate it with "
            "@keras.saving.register_keras_serializable()."
        )
    return keras.saving.serialize_keras_object(activation)
