"""Training commands besides those of the bundled networks."""
