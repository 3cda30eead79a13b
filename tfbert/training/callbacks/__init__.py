"""Keras callbacks, and the state of a training that they keep."""
