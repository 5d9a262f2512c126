"""Dimensionality and its reduction."""
