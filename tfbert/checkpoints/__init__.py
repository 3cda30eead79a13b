"""Weight files in and out: the one table of weight names, and Hugging Face folders."""
