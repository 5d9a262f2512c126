"""Segmentation: masks from logits, predictions by resolution, refined borders."""
