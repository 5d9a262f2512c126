"""Architectures of convolutional networks, their blocks and their cost."""
