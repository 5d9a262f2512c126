"""Segmentation: from logits to masks, resolutions of an answer, refined borders."""
