"""Drawings: diagrams, matrices, planes and formulas."""
