"""Recurrent networks and gated cells."""
