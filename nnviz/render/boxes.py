"""Detections drawn on the image: boxes, labels, outlines, keypoints."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nnviz.base.frames import Frame
from nnviz.base.results import Boxes
from nnviz.render.colormaps import Colors
from nnviz.render.maps import classes, masks, overlays
from nnviz.render.palette import BACKGROUND, Color
from nnviz.render.text import labels
from nnviz.render.text import paragraphs as text
from nnviz.render.text.labels import Label
from nnviz.render.text.words import percent, plural

FILL = 0.4
"""Opacity of an instance's mask."""
SEEN_FROM = 0.0
"""Score (logit) above which a keypoint is drawn: more likely visible than not."""
_LINE_SHARE, _TEXT_SHARE = 1 / 320, 1 / 48
"""Line width and font size, as fractions of the image's shorter side."""
_SMALLEST_TEXT, _LARGEST_TEXT = 11, 40

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """The geometry of detections, in px of an image that shows the whole photo.

    Attributes:
        boxes: (N, 4): left, top, right, bottom, px.
        keypoints: (N, K, 3): x, y in px and score; None where there are none.
        trails: (N, P, 2): past positions x, y of each object in px; None without
            tracking.
        line: (4,): left, top, right, bottom of a counting line; None for none.
    """

    boxes: Floats
    keypoints: Floats | None
    trails: Floats | None = None
    line: Floats | None = None


def shapes_on(found: Boxes, photo: tuple[int, int], size: tuple[int, int]) -> Shapes:
    """Map detections into the coordinates of a scaled image of the photo.

    Args:
        found: in any frame.
        photo: height and width of the photo, px.
        size: height and width of the image that shows all of it, px.
    """
    scale, offset = np.ones(2), np.zeros(2)
    if found.frame is Frame.INPUT and found.placement is not None:
        scale = 1 / np.array(found.placement.scale[::-1])
        offset = np.array(found.placement.to_photo(0, 0)[::-1])
    ratio = np.array([size[1] / photo[1], size[0] / photo[0]])
    scale, offset = scale * ratio, offset * ratio
    boxes = found.boxes.astype(np.float64) * np.tile(scale, 2) + np.tile(offset, 2)
    points: Floats | None = None
    if found.keypoints is not None:
        points = found.keypoints.astype(np.float64)
        points[..., :2] = points[..., :2] * scale + offset
    if found.tracks is None:
        return Shapes(boxes, points)
    trails = found.tracks.trails.astype(np.float64) * scale + offset
    line = found.tracks.line
    if line is None:
        return Shapes(boxes, points, trails)
    ends = np.array(line) * np.tile(scale, 2) + np.tile(offset, 2)
    return Shapes(boxes, points, trails, ends)


def line_width(size: tuple[int, int]) -> int:
    """Return the line width for an image of this height and width, px."""
    return max(1, round(min(size) * _LINE_SHARE))


def text_size(size: tuple[int, int]) -> int:
    """Return the font size for an image of this height and width, px."""
    return min(max(round(min(size) * _TEXT_SHARE), _SMALLEST_TEXT), _LARGEST_TEXT)


def summary(found: Boxes) -> str:
    """Return a summary in one line: "7 objects: 4 person, 2 chair, 1 dog"."""
    count = len(found.boxes)
    if not found.labels:
        return "no detection has been run yet"
    if not count:
        above = f" above {100 * found.threshold:.3g} %" if found.threshold else ""
        return f"nothing found{above}"
    names = Counter(found.labels[each] for each in found.classes)
    kinds = ", ".join(f"{many} {name}" for name, many in names.most_common())
    noun = "object" if found.objects else "region"
    return f"{plural(count, noun)}: {kinds}"


def color_of(found: Boxes, index: int) -> Color:
    """Return the color of a box: that of its class or, if tracked, of its track."""
    if found.tracks is not None:
        return classes.PALETTE[int(found.tracks.ids[index] - 1) % len(classes.PALETTE)]
    return classes.class_colors(found.labels)[found.classes[index]]


def caption(found: Boxes, index: int) -> tuple[str, str]:
    """Return the label of a box, in two parts: "dog", " 87 %".

    A box with its own caption has that caption and an empty second part.
    """
    if found.captions:
        return found.captions[index], ""
    name = found.labels[found.classes[index]]
    if found.tracks is not None:
        return f"#{found.tracks.ids[index]}", f" {name}"
    return name, f" {100 * float(found.scores[index]):.0f} %"


def describe(found: Boxes, index: int, box: Floats) -> str:
    """Return a description of a detection: class, score, width and height in px."""
    width, height = box[2] - box[0], box[3] - box[1]
    name = found.labels[found.classes[index]]
    score = percent(float(found.scores[index]))
    words = [name, score, f"{width:.0f} × {height:.0f} px"]
    if found.captions and found.captions[index]:
        words.insert(0, found.captions[index])
    return "  ·  ".join(words)


def is_faint(found: Boxes, index: int) -> bool:
    """Return whether a box is drawn thin."""
    return found.faint is not None and bool(found.faint[index])


def overlaps(box: Floats, others: Floats) -> Floats:
    """Return the intersection over union (IoU) of each box with a given one.

    Args:
        box: (4,): left, top, right, bottom.
        others: (N, 4).

    Returns:
        (N,) in [0, 1].
    """
    start = np.maximum(others[:, :2], box[:2])
    end = np.minimum(others[:, 2:], box[2:])
    common = (end - start).clip(0).prod(1)
    areas = (others[:, 2:] - others[:, :2]).prod(1) + (box[2:] - box[:2]).prod()
    shares: Floats = common / np.maximum(areas - common, 1e-12)
    return shares


def mask_layer(found: Boxes) -> Colors:
    """Paint instance masks in opaque colors on a transparent layer.

    Returns:
        uint8 (H, W, 4) in the frame of the masks; the object with the highest score on
        top.
    """
    if found.masks is None:
        return np.zeros((1, 1, 4), np.uint8)
    layer = np.zeros((*found.masks.shape[1:], 4), np.uint8)
    for index in range(len(found.masks))[::-1]:
        area = _area(found.boxes[index], layer.shape, margin=2)
        color = color_of(found, index)
        layer[area][found.masks[index][area]] = (*color, 255)
    return layer


def outlines(found: Boxes) -> list[NDArray[np.float32]]:
    """Return the outline of each instance mask, as ``masks.edges`` does."""
    if found.masks is None:
        return []
    borders = []
    for index, inside in enumerate(found.masks):
        rows, columns = _area(found.boxes[index], inside.shape, margin=2)
        # One px of padding closes outlines that touch the image's edge.
        part = np.pad(inside[rows, columns], 1)
        start = np.array([columns.start, rows.start] * 2, np.float32) - 1
        borders.append(masks.edges(part) + start)
    return borders


def draw(photo: Colors, found: Boxes, photo_size: tuple[int, int]) -> Colors:
    """Draw all detections onto an image of the photo, the best on top.

    Args:
        photo: uint8 (H, W, 3), the whole photo at any size.
        found: the detections.
        photo_size: height and width of the photo itself, px.

    Returns:
        uint8 (H, W, 3).
    """
    canvas = photo.copy()
    size = photo.shape[:2]
    shapes = shapes_on(found, photo_size, (size[0], size[1]))
    width = line_width((size[0], size[1]))
    if found.masks is not None:
        _fill(canvas, found, shapes, width)
    _trace(canvas, found, shapes, width)
    for index in range(len(found.boxes))[::-1]:
        color = color_of(found, index)
        thickness = max(1, width // 2) if is_faint(found, index) else width
        _frame(canvas, shapes.boxes[index], thickness, color)
        if shapes.keypoints is not None:
            _join(canvas, shapes.keypoints[index], found.skeleton, width, color)
    _name(canvas, found, shapes, width)
    return canvas


def _fill(canvas: Colors, found: Boxes, shapes: Shapes, width: int) -> None:
    """Tint and outline each instance mask."""
    if found.masks is None:
        return
    spans = overlays.covered(found)
    for index in range(len(found.masks))[::-1]:
        color = color_of(found, index)
        area = _area(shapes.boxes[index], canvas.shape, margin=2)
        inside = masks.sampled(found.masks[index], canvas.shape[:2], spans, area)
        region = canvas[area]
        masks.tint(region, inside, color, FILL)
        masks.outline(region, inside, color, width)


def _trace(canvas: Colors, found: Boxes, shapes: Shapes, width: int) -> None:
    """Draw the trails of tracked objects and the counting line."""
    import cv2

    if shapes.trails is not None:
        for index, trail in enumerate(shapes.trails):
            known = trail[~np.isnan(trail[:, 0])]
            points = np.round(known).astype(np.int32).reshape(-1, 1, 2)
            color = color_of(found, index)
            cv2.polylines(canvas, [points], False, color, width, cv2.LINE_AA)
    if shapes.line is not None:
        start, end = (tuple(map(round, each)) for each in shapes.line.reshape(2, 2))
        for thickness, ink in ((width + 2, BACKGROUND), (width, (255, 255, 255))):
            cv2.line(canvas, start, end, ink, thickness, cv2.LINE_AA)


def _area(
    box: Floats, shape: tuple[int, ...], *, margin: int = 0
) -> tuple[slice, slice]:
    """Return the rows and columns of pixels that a box touches."""
    left, top = np.floor(box[:2]).astype(int) - margin
    right, bottom = np.ceil(box[2:]).astype(int) + margin
    rows = slice(max(0, top), max(0, min(bottom, shape[0])))
    return rows, slice(max(0, left), max(0, min(right, shape[1])))


def _frame(canvas: Colors, box: Floats, width: int, color: Color) -> None:
    """Draw a box with a dark edge, visible on any background."""
    import cv2

    left, top, right, bottom = np.round(box).astype(int).tolist()
    corners = (left, top), (right - 1, bottom - 1)
    cv2.rectangle(canvas, *corners, BACKGROUND, width + 2)
    cv2.rectangle(canvas, *corners, color, width)


def _join(
    canvas: Colors,
    points: Floats,
    skeleton: tuple[tuple[int, int], ...],
    width: int,
    color: Color,
) -> None:
    """Draw keypoints and the lines between them."""
    import cv2

    # OpenCV's subpixel coordinates are sixteenths, from the center of the first pixel.
    places = np.round((points[:, :2] - 0.5) * 16).astype(int).tolist()
    seen = points[:, 2] > SEEN_FROM
    smooth = {"lineType": cv2.LINE_AA, "shift": 4}
    for first, second in skeleton:
        if seen[first] and seen[second]:
            cv2.line(canvas, places[first], places[second], color, width, **smooth)
    for place in np.flatnonzero(seen):
        for radius, ink in ((width + 1.5, (0, 0, 0)), (width + 0.5, (255, 255, 255))):
            at = places[place]
            cv2.circle(canvas, at, round(radius * 16), ink, -1, **smooth)


def _name(canvas: Colors, found: Boxes, shapes: Shapes, width: int) -> None:
    """Draw the label of each detection where it covers no other label."""
    size = text_size((canvas.shape[0], canvas.shape[1]))
    shown = [index for index in range(len(found.boxes)) if any(caption(found, index))]
    written = [
        _label(*caption(found, index), size, color_of(found, index)) for index in shown
    ]
    pairs = zip(shapes.boxes[shown].tolist(), written, strict=True)
    wanted = [
        Label((left, top - width, right, bottom + width), each.shape[1], each.shape[0])
        for (left, top, right, bottom), each in pairs
    ]
    positions = labels.place(wanted, (canvas.shape[1], canvas.shape[0]))
    for position, each in zip(positions, written, strict=True):
        if position is not None:
            # Round down: the last row and column stay inside the image.
            left, top = int(position[0]), int(position[1])
            canvas[top : top + each.shape[0], left : left + each.shape[1]] = each


@lru_cache(maxsize=1024)
def _label(name: str, score: str, size: int, color: Color) -> Colors:
    """Return name and score on a background of the class's color, uint8 (h, w, 3)."""
    pad = size // 3
    middle = pad + text.width_of(name, size, bold=True)
    width = middle + text.width_of(score, size) + pad
    plate = text.sheet(text.line_height(size), width, color)
    ink = classes.ink_on(color)
    text.stamp(plate, (pad, 0), name, size, color=ink, bold=True)
    text.stamp(plate, (middle, 0), score, size, color=ink)
    plate.flags.writeable = False
    return plate
