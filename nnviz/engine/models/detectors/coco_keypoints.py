"""COCO's person keypoints, and the skeleton's edges."""

COCO_SKELETON = (
    *((0, 1), (0, 2), (1, 3), (2, 4), (0, 5), (0, 6), (5, 6), (5, 7), (7, 9)),
    *((6, 8), (8, 10), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14)),
    (14, 16),
)
"""COCO's 17 keypoints: nose, eyes, ears, shoulders, elbows, wrists, hips, knees,
ankles; left before right."""
COCO_POINTS = 17
