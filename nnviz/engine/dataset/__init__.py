"""Image sets: their index, and the analyses computed from it."""
