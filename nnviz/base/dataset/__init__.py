"""Requests about sets of images, and the results that their jobs return."""
