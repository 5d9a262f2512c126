"""Targets: scores of classes, channels, boxes, and their gradients."""
