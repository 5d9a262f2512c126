"""Sets of images: their index, and what is computed from it."""
