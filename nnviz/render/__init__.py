"""Rendering of results to RGB pixels: pure functions on numpy arrays."""
