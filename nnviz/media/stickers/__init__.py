"""Stickers on images: cut out, kept as files, laid on others."""
