"""Batch sizes, memory, caches and tiling: what a computation may take."""
