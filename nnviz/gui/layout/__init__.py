"""Layouts: rows that wrap, panels that scroll, stacked pages."""
