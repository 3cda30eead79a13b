"""The training that PyTorch's loss curves and ours share; no TensorFlow here, as PyTorch runs elsewhere."""

STEPS = 10
PEAK = 1e-3
WARMUP = 0.1
WEIGHT_DECAY = 0.1
CLIP_NORM = 1.0
