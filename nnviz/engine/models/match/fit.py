"""Fit of weights to an architecture: matches, differences and repairs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from torch import nn

from nnviz.base.info import Task
from nnviz.engine.models.match.architectures import AUXILIARY, split_name
from nnviz.engine.models.match.heads import Head, read_head
from nnviz.engine.models.match.renames import View
from nnviz.engine.models.match.signatures import (
    BOOKKEEPING,
    CLASSES,
    Shapes,
    depends_on_classes,
)

_STATISTICS = ("running_mean", "running_var")
"""Written by instance norms before version 0.4, and never read."""
_SHOWN = 3
_MATRIX = 2
_OUTER_HEADS = frozenset({"classifier", "head", "fc", "linear", "cls_head"})
"""Usual names of a classifier beside a backbone."""
_PRETEXT = frozenset({"encoder_q", "encoder_k", "base_encoder", "momentum_encoder"})
"""Around networks whose head serves contrastive training only: MoCo's."""
_POSITIONS = ("encoder.pos_embedding", "pos_embed")
"""torchvision's and timm's names for learned position embeddings of patches."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Fit of a set of weights to an architecture.

    Attributes:
        architecture: its name with its library, "torchvision:resnet18".
        names: name in the file of each weight, by its name in the network.
        classes: number of outputs, read from the head.
        channels: of the input, read from the first convolution.
        image_size: side of the input where positions are learned, else 0, px.
        auxiliary: whether there are weights for the heads that only training uses.
        head: replacement for the architecture's own head; None if there is none.
        kernel: side of the first convolution's kernel where it differs from the
            published one: the variant for small images, without the first pooling; else
            0.
        left_out: names in the file that no forward pass uses: losses, optimizers.
        missing: names of the architecture that the weights lack.
        unexpected: names of the weights that the architecture lacks.
        mismatched: lines "name: found shape, expected shape".
    """

    architecture: str
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    classes: int = 0
    channels: int = 3
    image_size: int = 0
    auxiliary: bool = True
    head: Head | None = None
    kernel: int = 0
    left_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()

    @property
    def faults(self) -> int:
        """Number of weights that do not match."""
        return len(self.missing) + len(self.unexpected) + len(self.mismatched)

    @property
    def task(self) -> Task:
        """The architecture's task, or embedding if its head was removed."""
        library, name = split_name(self.architecture)
        if self.head is not None and not self.head.layers:
            return Task.EMBED
        if _PRETEXT & {
            part for each in self.names.values() for part in each.split(".")
        }:
            return Task.EMBED
        return library.task(name)

    def notes(self) -> tuple[str, ...]:
        """Return notes on changes and assumptions."""
        found = []
        if self.head is not None:
            found.append(self.head.describe())
        if self.kernel:
            found.append(
                f"first convolution of {self.kernel} × {self.kernel}: taken for the "
                "variant for small images, stride 1 and no first pooling"
            )
        if self.left_out:
            words = ", ".join(self.left_out[:_SHOWN])
            more = ", ..." if len(self.left_out) > _SHOWN else ""
            found.append(f"not part of the network, left out: {words}{more}")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Shapes and roles of an architecture with ``CLASSES`` outputs.

    Attributes:
        shapes: of its state dict.
        first: name of the weight of the first convolution.
        patch: side of the first convolution's kernel.
        head: path of the module that returns the classes.
    """

    shapes: dict[str, tuple[int, ...]]
    first: str
    patch: int
    head: str


@lru_cache(maxsize=256)
def _plan(architecture: str, *, auxiliary: bool) -> _Plan:
    library, name = split_name(architecture)
    net = library.build(name, CLASSES, auxiliary=auxiliary)
    shapes = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    heads = [key for key, shape in shapes.items() if depends_on_classes(shape)]
    head = heads[-1].rpartition(".")[0] if heads else ""
    first = first_convolution(net)
    patch = shapes[first][-1] if first else 0
    return _Plan(shapes, first, patch, head)


def first_convolution(net: nn.Module) -> str:
    """Return the name of the first convolution's weight, "" if there is none."""
    found = (
        f"{name}.weight"
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d)
    )
    return next(found, "")


def lay(view: View, prefix: str, shapes: Shapes, architecture: str) -> Fit:
    """Fit weights to an architecture by names and shapes.

    Args:
        view: from usual names to names in the file.
        prefix: of the network among the usual names.
        shapes: of the weights, by name in the file.
        architecture: with its library.
    """
    names = {
        usual.removeprefix(prefix): name
        for usual, name in view.items()
        if usual.startswith(prefix)
    }
    auxiliary = any(name.startswith(AUXILIARY) for name in names)
    plan = _plan(architecture, auxiliary=auxiliary)
    names |= _outer_head(view, prefix, plan, shapes)
    here = {usual: shapes[name] for usual, name in names.items()}
    fit = _compare(plan, here, Fit(architecture, auxiliary=auxiliary))
    fit = _repair_head(fit, plan, here)
    inside = set(names.values())
    outside = tuple(name for name in view.values() if name not in inside)
    fit = _leave_out(fit, plan, outside)
    return replace(fit, names=MappingProxyType(names))


def _outer_head(view: View, prefix: str, plan: _Plan, shapes: Shapes) -> dict[str, str]:
    """Return the weights of a classifier that stands beside a backbone.

    Returns:
        From the names that they have in the architecture's head to those in the file;
        empty where the backbone has a head, or there are none that take its features.
    """
    if not prefix or any(name.startswith(f"{prefix}{plan.head}.") for name in view):
        return {}
    parts = _OUTER_HEADS & {name.partition(".")[0] for name in view}
    if len(parts) != 1 or not plan.head:
        return {}
    (part,) = parts
    found = {
        plan.head + usual.removeprefix(part): name
        for usual, name in view.items()
        if usual.startswith(f"{part}.")
    }
    head = read_head(plan.head, {usual: shapes[name] for usual, name in found.items()})
    if head is None or not head.layers:
        return {}
    return found if head.layers[0].inputs == _features(plan, plan.head) else {}


def _features(plan: _Plan, path: str) -> int:
    """Return how many values the head at a path takes; 0 where no matrix tells."""
    matrices = (
        shape[1]
        for name, shape in plan.shapes.items()
        if name.startswith(f"{path}.") and len(shape) == _MATRIX
    )
    return next(matrices, 0)


def _compare(plan: _Plan, here: Shapes, fit: Fit) -> Fit:
    """Return the fit with classes, channels and sizes inferred, and mismatches."""
    classes = _read_classes(here, plan.shapes)
    channels, kernel = _read_stem(here, plan)
    side = _read_image_size(here, plan)
    missing, mismatched = [], []
    for key, shape in plan.shapes.items():
        wanted = _adapted(key, shape, plan, (classes, channels, kernel))
        if key not in here:
            if not key.endswith(BOOKKEEPING):
                missing.append(key)
        elif here[key] != wanted and not (side and key in _POSITIONS):
            mismatched.append(_mismatch(key, here[key], wanted))
    unexpected = [
        key for key in here if key not in plan.shapes and not key.endswith(BOOKKEEPING)
    ]
    if fit.task is Task.REPAINT:
        unexpected = [key for key in unexpected if not key.endswith(_STATISTICS)]
    return replace(
        fit,
        classes=classes,
        channels=channels,
        image_size=side,
        kernel=kernel,
        missing=tuple(missing),
        unexpected=tuple(unexpected),
        mismatched=tuple(mismatched),
    )


def _repair_head(fit: Fit, plan: _Plan, here: Shapes) -> Fit:
    """Accept a replaced head if all mismatches are in it."""
    if not fit.faults or not plan.head or fit.task is not Task.CLASSIFY:
        return fit
    parts = plan.head.split(".")
    repaired = [
        _with_head(fit, ".".join(parts[:depth]), here, plan)
        for depth in range(len(parts), 0, -1)
    ]
    # The innermost path with the fewest faults: "classifier.6" before "classifier".
    return min([fit, *repaired], key=lambda each: each.faults)


def _with_head(fit: Fit, path: str, here: Shapes, plan: _Plan) -> Fit:
    """Return the fit with the file's own head at a path, unless others mismatch."""

    def elsewhere(entries: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each for each in entries if not each.startswith(f"{path}."))

    head = read_head(path, here)
    if head is None or elsewhere(fit.missing + fit.mismatched):
        return fit
    taken = head.layers[0].inputs if head.layers else 0
    features = _features(plan, path)
    pools = bool(features) and taken == 2 * features and path == "fc"
    return replace(
        fit,
        head=replace(head, doubled=pools),
        classes=head.outputs,
        missing=(),
        mismatched=(),
        unexpected=elsewhere(fit.unexpected),
    )


def _leave_out(fit: Fit, plan: _Plan, outside: tuple[str, ...]) -> Fit:
    """Separate the weights of other modules: losses, projections."""
    own = {key.partition(".")[0] for key in plan.shapes}
    foreign = [key for key in fit.unexpected if key.partition(".")[0] not in own]
    rest = tuple(key for key in fit.unexpected if key not in foreign)
    return replace(fit, unexpected=rest, left_out=(*foreign, *outside))


def _read_classes(here: Shapes, expected: Shapes) -> int:
    """Infer the number of classes from the last classification layer's shape."""
    for key in reversed(list(expected)):
        shape = expected[key]
        if depends_on_classes(shape) and here.get(key):
            each, rest = divmod(here[key][0], shape[0] // CLASSES)
            return CLASSES if rest else each
    return CLASSES


def _read_stem(here: Shapes, plan: _Plan) -> tuple[int, int]:
    """Return the stem's input channels, and 3 for a 3 x 3 kernel, else 0."""
    expected = plan.shapes.get(plan.first, ())
    found = here.get(plan.first, ())
    if len(found) != len("oiyx") or len(expected) != len("oiyx"):
        return (expected[1] if len(expected) > 1 else 3), 0
    small = found[0] == expected[0] and found[2:] == (3, 3) != expected[2:]
    pooled = plan.first == "conv1.weight"
    return found[1], (3 if small and pooled else 0)


def _read_image_size(here: Shapes, plan: _Plan) -> int:
    """Infer the image size from learned position embeddings; 0 if as expected."""
    for key in _POSITIONS:
        found, usual = here.get(key), plan.shapes.get(key)
        if not found or not usual or found == usual or len(found) != len(usual):
            continue
        extra = usual[1] - math.isqrt(usual[1]) ** 2
        side = math.isqrt(max(0, found[1] - extra))
        if side * side + extra == found[1] and found[2:] == usual[2:]:
            return side * plan.patch
    return 0


def _adapted(
    key: str, shape: tuple[int, ...], plan: _Plan, found: tuple[int, int, int]
) -> tuple[int, ...]:
    classes, channels, kernel = found
    if depends_on_classes(shape):
        return (classes * (shape[0] // CLASSES), *shape[1:])
    if key == plan.first:
        sides = (kernel, kernel) if kernel else shape[2:]
        return (shape[0], channels, *sides)
    return shape


def _mismatch(key: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    return f"{key}: {_in_words(found)} found, {_in_words(wanted)} expected"


def _in_words(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape) or "a number"
