"""Commands about recordings and videos."""
