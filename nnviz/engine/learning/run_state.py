"""States of training runs as named arrays: weights, optimizers, and back."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Arrays = dict[str, NDArray[np.generic]]
State = Mapping[str, NDArray[np.generic]]


def arrays_of(prefix: str, values: Mapping[str, object]) -> Arrays:
    """Return copies of the tensors among values, named "prefix/name"."""
    return {
        f"{prefix}/{name}": value.detach().cpu().numpy().copy()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def optimizer_arrays(prefix: str, optimizer: torch.optim.Optimizer) -> Arrays:
    """Return what an optimizer knows of each weight, named "prefix/index/key"."""
    return {
        name: array
        for index, values in optimizer.state_dict()["state"].items()
        for name, array in arrays_of(f"{prefix}/{index}", values).items()
    }


def below(prefix: str, state: State) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Yield the arrays whose names begin with a prefix, by the rest of them."""
    for name, value in state.items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), value


def tensors(prefix: str, state: State) -> dict[str, Tensor]:
    """Return the arrays whose names begin with a prefix, as tensors; copies."""
    return {name: torch.from_numpy(v.copy()) for name, v in below(prefix, state)}


def restore_optimizer(
    optimizer: torch.optim.Optimizer, prefix: str, state: State
) -> None:
    """Give an optimizer what it knew, from arrays named "prefix" "index/key"."""
    values: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors(prefix, state).items():
        index, _, key = name.partition("/")
        values.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": values})
