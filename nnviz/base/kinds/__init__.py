"""Further kinds of results: matrices and planes."""
