"""Training of the captioner of generated scenes."""
