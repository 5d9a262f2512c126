"""Training of small networks step by step, to be watched."""
