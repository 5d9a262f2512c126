"""Colors, icons and the small widgets that share them."""
