"""Training commands beside the recipes of the bundled networks."""
