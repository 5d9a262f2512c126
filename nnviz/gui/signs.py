"""Signs that look like letters, by name."""

TIMES = "\u00d7"
DASH = "\u2013"
FULL, EMPTY = "\u25cf", "\u25cb"
"""A layer that gave activations, and one that was not reached."""
