"""Workspaces: the panels that stand together for one job."""
