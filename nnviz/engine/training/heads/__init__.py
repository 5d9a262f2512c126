"""Heads on a frozen backbone: transfer learning from a handful of images."""
