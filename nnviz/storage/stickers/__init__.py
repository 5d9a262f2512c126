"""Stickers on disk: opened, saved when learned, printed."""
