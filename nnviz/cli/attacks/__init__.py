"""Commands about attacks."""
