"""Files of weights: downloaded, recognized, read safely."""
