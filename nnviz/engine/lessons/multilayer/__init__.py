"""Multilayer perceptrons: what they represent and how they learn."""
