"""Training loops and recipes of the bundled networks."""
