"""Stickers: their cuts, their placement, and both as text."""
