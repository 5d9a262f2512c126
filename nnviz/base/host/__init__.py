"""The operating system: file errors and interrupts."""
