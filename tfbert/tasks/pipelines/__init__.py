"""Hugging Face's forms of inputs and outputs, over the tasks."""
