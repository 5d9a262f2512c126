"""Region proposals without a network: segmentation, similarity, selective search."""
