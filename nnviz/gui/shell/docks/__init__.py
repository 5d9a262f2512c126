"""Docks: the panels open in each workspace, and their places."""
