"""Commands on recordings and videos."""
