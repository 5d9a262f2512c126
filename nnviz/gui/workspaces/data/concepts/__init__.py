"""Concepts: directions and parts of a layer, and what is left without its channels."""
