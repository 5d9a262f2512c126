"""The machine below: files that may not be read, keys that interrupt."""
