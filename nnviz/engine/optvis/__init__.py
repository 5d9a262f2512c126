"""Feature visualization by optimization, and deep dream."""
