"""Jobs on image sets: one file per request."""
