"""Image and video files to numpy and back.  No torch, no Qt."""
