"""Shapes, costs and receptive fields, traced through a network."""
