"""Image and video files, decoded to numpy and encoded.  No torch, no Qt."""
