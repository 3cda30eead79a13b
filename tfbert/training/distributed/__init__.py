"""Training on many hosts: processes that take one step together, each on its rows of every batch."""

from tfbert.training.distributed.cluster import is_chief, wait_for_workers
from tfbert.training.distributed.join_workers import join_workers

__all__ = ["is_chief", "join_workers", "wait_for_workers"]
