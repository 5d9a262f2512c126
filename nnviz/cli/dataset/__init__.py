"""Commands on sets of images, one in each file."""
