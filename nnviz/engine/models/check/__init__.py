"""The doctor: a network tried, its preprocessing checked."""
