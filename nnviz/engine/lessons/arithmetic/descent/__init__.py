"""Surfaces of gradient descent, and optimizers."""
