"""The two steps of `gpu.py`: the encoder as StableHLO in a folder, and JAX that runs what lies there."""
