"""Views of data sets: wall of thumbnails, scatter plot, confusion matrix."""
