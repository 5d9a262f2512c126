"""Recurrent networks: unrolling, gradients through time, gated cells."""
