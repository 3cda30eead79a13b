"""What checkpoints say about their tokenizers, read and written."""
