"""Errors over a set: accuracy, calibration, label errors, duplicates, disagreement."""
