"""One view for each kind of result, on one canvas."""
