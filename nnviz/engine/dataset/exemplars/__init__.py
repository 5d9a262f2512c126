"""Exemplars of channels: most activating images, their patches, figures over a set."""
