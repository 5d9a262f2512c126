"""The plan of a board: methods, networks and images that are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nnviz.base.errors import UsageError
from nnviz.base.images import Image
from nnviz.base.info import MethodInfo, Task
from nnviz.base.parameters import Kind, Value
from nnviz.base.requests import ModelRequest, RunMethod

COMPARED = (
    "saliency",
    "smooth_grad",
    "integrated_gradients",
    "guided_backprop",
    "grad_cam",
    "layer_cam",
    "ablation_cam",
    "occlusion",
)
"""Methods that are compared by default: two of each family, one fine, one coarse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network of a board: how it is opened, its title and its own target.

    Attributes:
        request: how it is opened.
        title: name for people.
        target: target for this network alone, whose classes may have other names; empty
            for the board's target.
    """

    request: ModelRequest
    title: str
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """One cell of a board.

    Attributes:
        row: heading of its row.
        column: heading of its column.
        network: title of the network.
        image: the image.
        request: the run that fills the cell.
    """

    row: str
    column: str
    network: str
    image: Image
    request: RunMethod


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A whole board: a row for each network and image, a column for each method.

    Attributes:
        methods: columns.
        networks: networks, each of which runs on each image.
        images: the images.
        target: target, as ``notation.targets`` parses it; empty for the class that each
            network predicts.
        values: parameters by method's name; parameters left out keep their defaults.
        seed: of the random numbers of all cells.
        changed: whether all images are variants of the first one; the board then
            reports how far their maps agree with its maps.
    """

    methods: tuple[MethodInfo, ...]
    networks: tuple[Network, ...]
    images: tuple[Image, ...]
    target: str = ""
    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    seed: int = 0
    changed: bool = False

    def cells(self) -> tuple[Cell, ...]:
        """Return the cells row by row; those of one network are adjacent."""
        return tuple(
            Cell(
                row=self._heading(network, image),
                column=method.title,
                network=network.title,
                image=image,
                request=self._request(method, network, image),
            )
            for network in self.networks
            for image in self.images
            for method in self.methods
        )

    @property
    def own_targets(self) -> dict[str, str]:
        """The targets of networks that override the board's, by reference."""
        return {
            each.request.reference: each.target for each in self.networks if each.target
        }

    def _heading(self, network: Network, image: Image) -> str:
        names = [network.title] if len(self.networks) > 1 else []
        names += [image.name] if len(self.images) > 1 else []
        return ", ".join(names) or network.title

    def _request(self, method: MethodInfo, network: Network, image: Image) -> RunMethod:
        return RunMethod(
            method=method.name,
            model=network.request,
            image=image,
            values=self._values(method, network),
            seed=self.seed,
        )

    def _values(self, method: MethodInfo, network: Network) -> dict[str, Value]:
        """Return a method's parameters for one network, its target filled in."""
        values = dict(self.values.get(method.name, {}))
        target = network.target or self.target
        if target:
            asked = [p.name for p in method.parameters if p.kind is Kind.TARGET]
            values.update(dict.fromkeys(asked, target))
        return values


def comparable(methods: Sequence[MethodInfo], task: Task) -> list[MethodInfo]:
    """Return the methods that a board can compare on networks of a task."""
    return [
        each for each in methods if each.capabilities.comparable and each.suits(task)
    ]


def chosen_methods(
    methods: Sequence[MethodInfo], names: Sequence[str]
) -> tuple[MethodInfo, ...]:
    """Return the methods of the given names, in the same order.

    Raises:
        UsageError: no name, no method of that name, or one whose result is no map;
            lists the methods that can be compared.
    """
    known = {each.name: each for each in methods if each.capabilities.comparable}
    if not names:
        raise UsageError("methods", "none is named", f"choose of {', '.join(known)}")
    for name in names:
        if name not in known:
            raise UsageError(
                name, "cannot be compared on a board", f"choose from {', '.join(known)}"
            )
    return tuple(known[name] for name in names)


def attacked_name(image: Image) -> str:
    """Return the name of an image after an attack: "cat, attacked"."""
    return f"{Path(image.name).stem}, attacked"
