"""Adversarial attacks: goals, norms, steps, reports."""
