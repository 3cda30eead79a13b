"""The clients of `serving.py`, one process for all of them, and `predict` in a process to compare with."""
