"""Panels that several workspaces share."""
