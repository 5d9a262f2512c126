"""Workspaces: packages of panels and controllers, one for each activity."""
