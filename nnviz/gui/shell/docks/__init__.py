"""Docks: which panels are open in which workspace, and where."""
