"""Fills of hidden parts of an image: inpainted, blurred or of one color."""
