"""Measures: accuracy, scores of maps, trust, progress of training."""
