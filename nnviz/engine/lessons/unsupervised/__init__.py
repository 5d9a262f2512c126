"""Learning without labels: dimensions, principal components, maps, autoencoders."""
