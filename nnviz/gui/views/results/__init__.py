"""One view for each kind of result."""
