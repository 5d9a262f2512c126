"""Normalization: of inputs, batches, layers, and local responses."""
