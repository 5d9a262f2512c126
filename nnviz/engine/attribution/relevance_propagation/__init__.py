"""Layer-wise relevance propagation (LRP): rules, and the pass that applies them."""
