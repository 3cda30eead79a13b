"""Text from a decoder: greedy search, sampling and beam search inside the graph."""

from tfbert.generation.generate import generate
from tfbert.generation.options import GenerationOptions

__all__ = ["GenerationOptions", "generate"]
