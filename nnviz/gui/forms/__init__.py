"""Forms built from parameter declarations, with one file for each kind of control."""
