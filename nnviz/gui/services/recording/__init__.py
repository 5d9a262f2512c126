"""Recordings of optimizations and their timeline."""
