"""The exact tokenizer against Hugging Face's Rust library, over millions of strings: `python -m scripts.parity`."""
