"""Data sets as pixels: walls of thumbnails, scatter plots, colors of records."""
