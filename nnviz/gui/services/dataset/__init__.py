"""Services of the open data set: its index, queries and projections."""
