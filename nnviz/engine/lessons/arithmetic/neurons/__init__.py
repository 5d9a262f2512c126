"""Neurons, their learning rules, and networks of a few."""
