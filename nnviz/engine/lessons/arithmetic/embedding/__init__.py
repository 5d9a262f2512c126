"""Dimensions and what reduces them."""
