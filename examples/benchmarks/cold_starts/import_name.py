"""`import tfbert` alone, which waits with everything until it is used."""

from importlib import import_module

from examples.benchmarks.cold_starts.steps import timed

timed({"import tfbert": lambda: import_module("tfbert")})
