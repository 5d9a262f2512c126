"""Views: one for each kind of result, on a common canvas."""
