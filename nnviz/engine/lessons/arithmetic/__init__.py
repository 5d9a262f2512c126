"""Arithmetic that lessons share, in plain numpy."""
