"""Digits for lessons: a few hundred small images with their classes."""

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.data.digits import load_digits

Numbers = NDArray[np.float64]
SIDE = 8
"""Height and width of a digit, px."""


def draw_digits(
    count: int, random: np.random.Generator
) -> tuple[Numbers, NDArray[np.int64]]:
    """Draw digits (N, 64) in [0, 1] and their classes (N,), without replacement.

    Raises:
        InputError: scikit-learn, which contains them, is not installed.
    """
    train = load_digits().train
    images = np.stack([np.asarray(each).reshape(-1) for each in train.photos])
    labels = np.asarray(train.labels, np.int64)
    chosen = random.permutation(len(images))[:count]
    return images[chosen] / 255, labels[chosen]
