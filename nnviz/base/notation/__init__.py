"""Notations: channels, targets and durations written as text."""
