"""The zooming canvas, and what is drawn on it."""
