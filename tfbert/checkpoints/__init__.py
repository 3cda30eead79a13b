"""Weight files in and out: readers of every form, the one table of weight names, and Hugging Face folders."""
