"""State of the window as values: selection, parameters, settings, history."""
