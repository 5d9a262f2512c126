"""Data sets as pixels: walls of thumbnails, maps of points, colors of records."""
