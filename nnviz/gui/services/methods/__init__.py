"""The chosen method, its runs and predictions, and the words for them."""
