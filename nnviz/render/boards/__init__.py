"""Boards: methods against networks, as an image, an HTML page and a window's sheet."""
