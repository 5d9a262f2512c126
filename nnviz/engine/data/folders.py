"""Folders of labelled photographs: one sub-folder a class, split by file hash."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image as PillowImage
from torch import Tensor

_HELD_OUT_FRACTION = 5  # one fifth


@dataclass(frozen=True, slots=True)
class LabelledPhotos:
    """Photographs in memory with their classes.

    ``photos[i]`` is uint8 (3, H, W) of any size; ``labels`` is int64 (N,) and indexes
    ``classes``.
    """

    photos: list[Tensor]
    labels: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of photographs."""
        return len(self.photos)


@dataclass(frozen=True, slots=True)
class Split:
    """A training part and a part that is never trained on."""

    train: LabelledPhotos
    held_out: LabelledPhotos


def is_held_out(content: bytes) -> bool:
    """Tell whether a file belongs to the held-out fifth, by its bytes alone.

    So the split survives renaming, re-ordering and adding files.
    """
    return (
        int.from_bytes(hashlib.sha256(content).digest()[:4], "big")
        % (_HELD_OUT_FRACTION)
        == 0
    )


def load_split(
    folder: Path, shorter_side: int, leave_out: frozenset[str] = frozenset()
) -> Split:
    """Read ``folder/<class>/*`` and split it by file hash.

    Args:
        folder: one sub-folder for each class.
        shorter_side: photographs are scaled to this many px on the shorter side.
        leave_out: names of sub-folders that are no class.
    """
    classes = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and entry.name not in leave_out
    )
    parts: tuple[tuple[list[Tensor], list[int]], ...] = (([], []), ([], []))
    for label, name in enumerate(classes):
        for path in sorted((folder / name).iterdir()):
            photos, labels = parts[is_held_out(path.read_bytes())]
            photos.append(_read_photo(path, shorter_side))
            labels.append(label)
    train, held_out = (
        LabelledPhotos(photos, torch.tensor(labels), tuple(classes))
        for photos, labels in parts
    )
    return Split(train, held_out)


def _read_photo(path: Path, shorter_side: int) -> Tensor:
    with PillowImage.open(path) as opened:
        picture = opened.convert("RGB")
    scale = shorter_side / min(picture.size)
    size = [max(shorter_side, round(side * scale)) for side in picture.size]
    picture = picture.resize((size[0], size[1]), PillowImage.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(picture).transpose(2, 0, 1).copy())
