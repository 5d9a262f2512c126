"""Explanations as values: completeness, scores, trust in a map, hand occlusion."""
