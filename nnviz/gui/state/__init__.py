"""State of the window: selection, parameters, settings, history."""
