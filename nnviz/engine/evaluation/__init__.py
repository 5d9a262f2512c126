"""Evaluation: accuracy, mean average precision and IoU on labeled data."""
