"""Stickers: what they are cut from and where they lie."""
