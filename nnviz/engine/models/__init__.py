"""Where networks come from and what is known of them."""
