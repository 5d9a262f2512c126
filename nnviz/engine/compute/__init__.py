"""Batch sizes, memory, caches and tiling: the resources of a computation."""
