"""Files of directions in a layer's channels: concept activation vectors."""

from pathlib import Path

import torch
from torch import Tensor

from nnviz.base.errors import InputError, UsageError
from nnviz.base.notation.targets import OPTION
from nnviz.media.encode import read_npz

_LARGEST = 1 << 26


def read_direction(path: Path) -> tuple[str, Tensor]:
    """Read a direction file; return its layer and vector (C,).

    Raises:
        InputError: no such file, or one without a direction.
    """
    arrays = read_npz(path, _LARGEST)
    layer, vector = arrays.get("layer"), arrays.get("direction")
    if layer is None or vector is None or vector.ndim != 1:
        raise InputError(
            str(path), "holds no direction", "nnviz concept --out writes one"
        )
    return str(layer), torch.from_numpy(vector.astype("float32"))


def direction_title(file: str) -> str:
    """Return the name of a direction's file without its suffixes, for captions."""
    return Path(file).stem.removesuffix(".direction")


def check_length(vector: Tensor, channels: int, layer: str) -> None:
    """Refuse a direction whose length differs from the layer's number of channels.

    Raises:
        UsageError: the lengths differ.
    """
    if len(vector) != channels:
        raise UsageError(
            OPTION,
            f"the direction has {len(vector)} numbers, {layer} has {channels} channels",
            "take one of this network",
        )
