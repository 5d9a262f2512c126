"""A network as it stands: hooks, partial passes, layers, feature maps."""
