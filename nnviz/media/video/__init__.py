"""Videos, cameras, screens: frames read and written, with their sound."""
