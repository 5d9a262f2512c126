"""Style transfer: losses, layers, optimizer."""
