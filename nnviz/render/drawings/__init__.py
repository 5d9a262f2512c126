"""Drawings of diagrams, matrices, planes and formulas."""
