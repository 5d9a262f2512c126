"""Named constants for typographic characters."""

TIMES = "\u00d7"
DASH = "\u2013"
FULL = "\u25cf"
"""Marks a layer that returned activations."""
