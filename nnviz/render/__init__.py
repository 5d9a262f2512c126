"""Results to RGB pixels: pure functions on numpy arrays."""
