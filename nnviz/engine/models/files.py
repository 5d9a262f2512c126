"""Weights in files of the user's."""
