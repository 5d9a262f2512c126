"""Gradient descent: learning rates, curvature, optimizers and real loss surfaces."""
