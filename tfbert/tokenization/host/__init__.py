"""The tokenizer on the host: text to Python lists, in the words of Hugging Face transformers."""
