"""The session on disk: kept while one works, offered again after a crash."""
