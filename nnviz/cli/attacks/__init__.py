"""Commands on attacks."""
