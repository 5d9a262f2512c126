"""Handwritten digits that come with scikit-learn: 1797 images of 8 x 8 px."""

import numpy as np
import torch

from nnviz.base.errors import InputError
from nnviz.base.shipped.distribution import install_command
from nnviz.engine.data.folders import LabeledPhotos, Split, is_held_out

_WHITE = 16
"""The data's maximum value."""


def load_digits() -> Split:
    """Return the digits, white on black, split by the hash of their pixels.

    Images are uint8 (1, 8, 8).  Alpaydin & Kaynak 1998 (doi:10.24432/C50P49).

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        from sklearn import datasets  # noqa: PLC0415  optional, and slow to import
    except ModuleNotFoundError:
        remedy = install_command("training")
        raise InputError("digits", "come with scikit-learn", remedy) from None
    data = datasets.load_digits()
    pixels = np.round(data.images * (255 / _WHITE)).astype(np.uint8)
    held = np.array([is_held_out(each.tobytes()) for each in pixels])
    names = tuple(str(name) for name in data.target_names)
    train, test = (
        LabeledPhotos(
            list(torch.from_numpy(pixels[part])[:, None]),
            torch.from_numpy(data.target[part]).long(),
            names,
        )
        for part in (~held, held)
    )
    return Split(train, test)
