"""Views of data sets: the wall, the map, the confusion matrix."""
