"""Base classes of requests: to the engine, and about a network."""

import math
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import numpy as np

from nnviz.base.errors import UsageError
from nnviz.base.notation.numerals import described
from nnviz.base.preprocess import Preprocess

T_co = TypeVar("T_co", covariant=True)
_SIGNED = ("step",)
"""Numbers that count from the end where they are negative."""
_MOST = 2**63


class Request(Generic[T_co]):
    """A request to the engine; ``T_co`` is what its job ends with.

    Raises:
        UsageError: a count, a seed or a size is no number that it can be.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        """Check the numbers: callers of Python and the command line pass any."""
        for each in fields(self):  # type: ignore[arg-type]  # all are dataclasses
            value = getattr(self, each.name)
            if each.type is int and each.name not in _SIGNED:
                _check(each.name, value, whole=True)
            elif each.type is float:
                _check(each.name, value, whole=False)
            elif each.name == "box" and not all(map(math.isfinite, value)):
                raise UsageError("box", "is not finite", "left, top, right, bottom, px")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """A network to open, and the settings that override its own.

    Attributes:
        reference: "bundled:objects", "zoo:resnet50", a file's path.
        preprocess: in place of the network's own; None for its own.
        labels: path of a label file; empty for the network's own labels.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        fields: of the preprocessing, in place of the network's own ones, by name.
        task: a ``Task``'s name in place of the network's own; "" leaves it.
        outputs: name of the tensor to use, of several; "" to choose one.
        unit: of the numbers of a network that regresses.
        trust: whether a program may be run to open it; remembered by its file's hash.
    """

    reference: str
    preprocess: Preprocess | None = None
    labels: str = ""
    device: str = "auto"
    fields: tuple[tuple[str, object], ...] = ()
    task: str = ""
    outputs: str = ""
    unit: str = ""
    trust: bool = False


def _check(name: str, value: Any, *, whole: bool) -> None:
    """Check that a number of a request is not negative, and whole where it must be."""
    kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    fits = isinstance(value, kinds) and not isinstance(value, bool)
    if fits and value >= 0 and (not whole or value < _MOST):
        return
    remedy = f"give {'a whole number' if whole else 'a number'}, 0 or more"
    raise UsageError(name, f"cannot be {described(value)}", remedy)
