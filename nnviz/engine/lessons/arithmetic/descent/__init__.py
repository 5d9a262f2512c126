"""Surfaces to descend on, and what descends."""
