"""BERT models: ids in, outputs out."""
