"""Panels of stickers: the shelf, the tools."""
