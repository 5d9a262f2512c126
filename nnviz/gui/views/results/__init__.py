"""Views of results, one for each kind."""
