"""Videos, cameras and screens: frames and sound, read and written."""
