"""Trust in a map: one measure a file, each a pure function of map, image and truth."""
