"""Weight files: downloaded, recognized and read safely."""
