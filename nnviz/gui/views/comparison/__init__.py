"""Views of two or more results beside each other."""
