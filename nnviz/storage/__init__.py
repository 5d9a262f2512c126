"""Results, recordings and recent files on disk: no threads, no torch, no Qt."""
