"""The vocabulary of sets of images: requests, and what their jobs end with."""
