"""Base classes of requests: to the engine, and about a network."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from nnviz.base.preprocess import Preprocess

T_co = TypeVar("T_co", covariant=True)


class Request(Generic[T_co]):
    """A request to the engine; ``T_co`` is what its job ends with."""

    __slots__ = ()


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
