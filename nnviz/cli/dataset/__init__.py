"""Commands on sets of images: one a file."""
