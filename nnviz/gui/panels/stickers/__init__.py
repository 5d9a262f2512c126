"""Panels of stickers: the shelf and the tools."""
