"""Projections to a plane: one file a method, each a generator of better versions."""
