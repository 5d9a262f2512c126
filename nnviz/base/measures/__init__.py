"""Results of measurements: evaluation of networks, training of heads."""
