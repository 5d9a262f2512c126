"""Pure functions on tensors and modules."""
