"""The model doctor: checks of a network and its preprocessing."""
