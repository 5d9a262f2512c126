"""Modes of the middle: the pages that it shows, by name."""

PHOTO, BOTH, RESULT = "photo", "both", "result"
COMPARE, BOARD, STICKERS = "compare", "board", "stickers"
OCCLUDER = "occluder"
"""Page on which the image is hidden by hand."""
WALL, MAP, ERRORS, UNITS = "wall", "map", "errors", "units"
NEIGHBORS = "neighbors"
"""Pages of the open data set."""
TEACH = "teach"
"""Page of the images that a network is taught with."""
LIVE = "live"
"""Page of the camera, in place of all modes."""
PICTURED = (PHOTO, BOTH, RESULT)
"""Modes that show image, result, or both."""
WHOLE = (COMPARE, BOARD, STICKERS, OCCLUDER, WALL, MAP, NEIGHBORS, ERRORS, UNITS, TEACH)
"""Modes that show neither image nor result beside them."""
