"""The pages that nnviz demo writes."""
