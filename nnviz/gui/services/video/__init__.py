"""Live sources, and videos made of results."""
