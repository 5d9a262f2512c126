"""Jobs on sets of images: one file a request."""
