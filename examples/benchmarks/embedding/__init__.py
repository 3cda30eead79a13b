"""The contenders of `throughput.py` and `latency.py`."""
