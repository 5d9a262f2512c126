"""Layouts: wrapping rows, scrolling panels, stacked pages."""
