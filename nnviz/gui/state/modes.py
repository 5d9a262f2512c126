"""Names of the modes, the pages of the central view."""

PHOTO, BOTH, RESULT = "photo", "both", "result"
COMPARE, BOARD, STICKERS = "compare", "board", "stickers"
BOXES = "boxes"
"""Page on which the user draws labeled boxes."""
OCCLUDER = "occluder"
"""Page on which the user hides parts of the image."""
WALL, MAP, ERRORS, UNITS = "wall", "map", "errors", "units"
NEIGHBORS, CONCEPTS = "neighbors", "concepts"
"""Pages of the open data set."""
TEACH = "teach"
"""Page of the images that a network is trained on."""
LIVE = "live"
"""Page of the camera, which replaces all modes."""
PICTURED = (PHOTO, BOTH, RESULT)
"""Modes that show image, result, or both."""
SET = (WALL, MAP, NEIGHBORS, ERRORS, UNITS, CONCEPTS)
"""Modes of a data set, in the order of their tabs."""
WHOLE = (COMPARE, BOARD, STICKERS, BOXES, OCCLUDER, *SET, TEACH)
"""Modes that show neither image nor result beside them."""
