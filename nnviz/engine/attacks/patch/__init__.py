"""Adversarial patches and stickers: EOT, compositing, search."""
