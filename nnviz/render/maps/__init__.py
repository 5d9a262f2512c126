"""Maps over an image: heatmaps, segmentation masks, class colors."""
