"""Stickers on disk: opened, kept when trained, printed."""
