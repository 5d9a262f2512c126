"""Legends, sliders and lists for use beside a canvas."""
