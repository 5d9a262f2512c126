"""A neuron and the rules by which one learns."""
