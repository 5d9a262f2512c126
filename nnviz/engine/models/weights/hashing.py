"""SHA-256 of files and of parameters, interruptible."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

_BLOCK = 1 << 22


def file_sha256(path: Path, check: Callable[[], None]) -> str:
    """Return the SHA-256 of a file; ``check`` is called for each block."""
    digest = hashlib.sha256()
    block = memoryview(bytearray(_BLOCK))
    with path.open("rb") as file:
        while count := file.readinto(block):
            check()
            digest.update(block[:count])
    return digest.hexdigest()


def parameters_sha256(net: nn.Module, check: Callable[[], None]) -> str:
    """Return a SHA-256 of the names, shapes, dtypes and values of a network's state."""
    digest = hashlib.sha256()
    for name, tensor in net.state_dict().items():
        check()
        if not isinstance(tensor, Tensor):  # what get_extra_state() gave
            digest.update(f"{name} {type(tensor).__name__}\n".encode())
            continue
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        values = _bytes_of(tensor)
        for first in range(0, len(values), _BLOCK):
            check()
            digest.update(values[first : first + _BLOCK].data)
    return digest.hexdigest()


def _bytes_of(tensor: Tensor) -> NDArray[np.uint8]:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    values: NDArray[np.uint8] = flat.view(torch.uint8).numpy()
    return values
