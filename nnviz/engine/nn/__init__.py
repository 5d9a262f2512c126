"""Inspection of networks: hooks, partial passes, layers and feature maps."""
