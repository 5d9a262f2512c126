"""Stickers: cut from images, saved as files, composited onto others."""
