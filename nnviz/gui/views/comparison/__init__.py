"""Views that compare two or more results."""
