"""Legends, sliders and lists beside a canvas."""
