"""The zooming canvas and the items drawn on it."""
