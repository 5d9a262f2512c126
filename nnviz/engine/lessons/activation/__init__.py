"""Activation functions and losses."""
