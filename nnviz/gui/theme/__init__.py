"""Colors, icons, and the small widgets that use them."""
