"""Pages that ``nnviz demo`` writes."""
