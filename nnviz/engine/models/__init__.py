"""Networks: sources, weights, preprocessing, labels."""
