"""Scenes with one main shape, as a labeled data set for classifiers."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.engine.data.folders import LabeledPhotos
from nnviz.engine.data.scenes import CLASSES, Shortcut, make_scene

HELD_OUT = range(2000)
"""Seeds that no classifier is trained on."""
SIDE = 64
"""Of scenes for classifiers, px."""
_SHAPES = (1, 3)
"""Minimum and maximum number in an image; one is much larger than the others."""


def make_labeled_scene(
    seed: int, shortcut: Shortcut = Shortcut.NONE, size: int = SIDE
) -> tuple[str, NDArray[np.uint8]]:
    """Generate a scene; return its main shape's class and its pixels, (H, W, 3)."""
    scene = make_scene(seed, size, shapes=_SHAPES, dominant=True, shortcut=shortcut)
    return CLASSES[scene.label], scene.pixels


def load_shapes(
    seeds: Iterable[int], size: int, shortcut: Shortcut = Shortcut.NONE
) -> LabeledPhotos:
    """Generate labeled scenes of some seeds, uint8 (3, size, size)."""
    photos, labels = [], []
    for seed in seeds:
        scene = make_scene(seed, size, shapes=_SHAPES, dominant=True, shortcut=shortcut)
        photos.append(torch.from_numpy(scene.pixels.transpose(2, 0, 1).copy()))
        labels.append(scene.label)
    return LabeledPhotos(photos, torch.tensor(labels), CLASSES)
