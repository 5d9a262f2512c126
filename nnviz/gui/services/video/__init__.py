"""Live sources, and videos of results."""
