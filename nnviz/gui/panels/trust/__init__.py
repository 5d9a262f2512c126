"""Trust in the map that is shown: the chip beside it, and the figures behind."""
