"""A video of drawn shapes that move and cross, with the truth of every frame."""

import dataclasses

import numpy as np

from nnviz.engine.data.scenes import CLASSES
from nnviz.engine.data.scenes.backgrounds import draw_background
from nnviz.engine.data.scenes.layout import lay_out
from nnviz.engine.data.scenes.light import draw_light, expose, put
from nnviz.engine.data.scenes.outlines import coverage, place

LEAST_SEEN = 0.5
"""Share of a shape below which it counts as hidden."""


def moving_scenes(seed, frames, size=128, shapes=3, speed=2.0, scale=0.65):
    """Yield pixels (size, size, 3) and the boxes (N, 4) of all shapes, in one order.

    A shape that others hide more than half of has no box: NaN.

    The shapes run along straight lines and turn back at the edges, in front of each
    other where they meet.
    """
    rng = np.random.default_rng(seed)
    ground, _ = draw_background(rng, size)
    light = draw_light(rng)
    items, _ = lay_out(rng, size, shapes, dominant=False)
    angles = rng.uniform(0, 2 * np.pi, len(items))
    moves = speed * np.stack((np.cos(angles), np.sin(angles)), 1)
    centers = np.stack([item.center for item in items]).astype(float)
    radii = scale * np.array([item.radius for item in items])
    for _ in range(frames):
        centers += moves
        room = np.stack((radii, size - radii))
        moves = np.where(centers < room[0][:, None], np.abs(moves), moves)
        moves = np.where(centers > room[1][:, None], -np.abs(moves), moves)
        picture, boxes, masks = ground.copy(), [], []
        for index, item in enumerate(items):
            covered = coverage(
                place(CLASSES[item.shape], scale * item.matrix, centers[index]), size
            )
            now = dataclasses.replace(
                item, center=centers[index], coverage=covered, radius=radii[index]
            )
            put(picture, now, light, np.random.default_rng(seed + index))
            rows, columns = (
                np.nonzero(now.mask.any(1))[0],
                np.nonzero(now.mask.any(0))[0],
            )
            masks.append(now.mask)
            boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        for index, mask in enumerate(masks):
            over = (
                np.any(masks[index + 1 :], axis=0) if masks[index + 1 :] else mask & 0
            )
            if (mask & ~over.astype(bool)).sum() < LEAST_SEEN * mask.sum():
                boxes[index] = (np.nan,) * 4
        yield expose(picture, np.random.default_rng(seed)), np.array(boxes, np.float32)
