"""Conversion of weights and optimizer states to named arrays and back."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Arrays = dict[str, NDArray[np.generic]]
State = Mapping[str, NDArray[np.generic]]


def arrays_of(prefix: str, values: Mapping[str, object]) -> Arrays:
    """Return copies of the tensors in a mapping, named "prefix/name"."""
    return {
        f"{prefix}/{name}": value.detach().cpu().numpy().copy()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def optimizer_arrays(prefix: str, optimizer: torch.optim.Optimizer) -> Arrays:
    """Return an optimizer's state of each weight, named "prefix/index/key"."""
    return {
        name: array
        for index, values in optimizer.state_dict()["state"].items()
        for name, array in arrays_of(f"{prefix}/{index}", values).items()
    }


def below(prefix: str, state: State) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Yield the arrays under a prefix, with names relative to it."""
    for name, value in state.items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), value


def tensors(prefix: str, state: State) -> dict[str, Tensor]:
    """Return copies of the arrays under a prefix, as tensors."""
    return {name: torch.from_numpy(v.copy()) for name, v in below(prefix, state)}


def restore_optimizer(
    optimizer: torch.optim.Optimizer, prefix: str, state: State
) -> None:
    """Restore an optimizer's state from arrays named "prefix" "index/key"."""
    values: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors(prefix, state).items():
        index, _, key = name.partition("/")
        values.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": values})
