"""Explanations as values: scores, trust in a map, hand occlusion."""
