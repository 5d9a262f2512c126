"""Adapters of a network's inputs and outputs: several of them, signals, layouts."""
