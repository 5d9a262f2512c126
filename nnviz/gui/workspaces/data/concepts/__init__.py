"""Concepts: TCAV directions, NMF parts, linear probes, channel ablation."""
