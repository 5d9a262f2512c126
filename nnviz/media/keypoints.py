"""SIFT keypoints of an image, found by OpenCV."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.media.opencv import silent_opencv

Gray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Keypoint:
    """A SIFT keypoint: a position with a scale and an orientation (Lowe 2004).

    Attributes:
        x: px from the left.
        y: px from the top.
        size: diameter of the described neighborhood, px.
        angle: direction of the strongest gradient there, degrees, clockwise.
        response: strength.
    """

    x: float
    y: float
    size: float
    angle: float
    response: float


def find_keypoints(
    gray: Gray, count: int, contrast: float = 0.04, edge: float = 10.0
) -> tuple[tuple[Keypoint, ...], NDArray[np.float32]]:
    """Detect the strongest keypoints of an image; return them with their descriptors.

    Args:
        gray: uint8 (H, W).
        count: maximum number of keypoints.
        contrast: threshold below which extrema of the difference of Gaussians are
            dropped.
        edge: ratio of curvatures above which a point counts as an edge and is dropped.

    Returns:
        Keypoints, the strongest first, and float32 (N, 128).
    """
    cv2 = silent_opencv()
    finder = cv2.SIFT_create(count, contrastThreshold=contrast, edgeThreshold=edge)
    found, descriptors = finder.detectAndCompute(np.ascontiguousarray(gray), None)
    if descriptors is None:
        return (), np.zeros((0, 128), np.float32)
    order = sorted(range(len(found)), key=lambda n: -found[n].response)[:count]
    points = tuple(_keypoint(found[place]) for place in order)
    return points, np.asarray(descriptors[order], np.float32)


def _keypoint(found: Any) -> Keypoint:
    numbers = (*found.pt, found.size, found.angle, found.response)
    return Keypoint(*map(float, numbers))


def draw_keypoints(
    pixels: NDArray[np.uint8], points: tuple[Keypoint, ...]
) -> NDArray[np.uint8]:
    """Draw a circle and the orientation at each keypoint, (H, W, 3)."""
    cv2 = silent_opencv()
    copies = 3 // min(3, pixels.shape[2])
    painted = np.ascontiguousarray(pixels[..., :3].repeat(copies, 2))
    width = max(1, round(max(painted.shape[:2]) / 500))
    for index, each in enumerate(points):
        share = index / max(1, len(points) - 1)
        color = (round(240 * (1 - share)), round(160 + 60 * share), round(230 * share))
        middle = round(each.x), round(each.y)
        radius = max(2, round(each.size / 2))
        turn = np.deg2rad(each.angle)
        across, down = radius * float(np.cos(turn)), radius * float(np.sin(turn))
        end = round(each.x + across), round(each.y + down)
        cv2.circle(painted, middle, radius, color, width, cv2.LINE_AA)
        cv2.line(painted, middle, end, color, width, cv2.LINE_AA)
    drawn: NDArray[np.uint8] = painted
    return drawn
