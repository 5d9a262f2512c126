"""Maps over an image: heatmaps, masks, classes."""
