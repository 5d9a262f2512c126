"""The selected method, its runs and predictions, and titles of results."""
