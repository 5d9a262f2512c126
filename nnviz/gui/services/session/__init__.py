"""The session on disk: autosaved, and offered again after a crash."""
