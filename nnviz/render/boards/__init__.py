"""Boards: methods against models, as an image, a page and a sheet."""
