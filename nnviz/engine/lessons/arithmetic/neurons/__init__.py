"""Neurons, their learning rules, and small networks of them."""
