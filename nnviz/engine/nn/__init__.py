"""A network as it stands: its layers, its operations, parts of its forward pass."""
