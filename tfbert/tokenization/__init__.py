"""Text to ids, in stages: text input, vocabulary, normalizer, wordpiece, packing."""
