"""Data: what a network makes of many images."""
