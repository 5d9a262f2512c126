"""Finding the architecture that a set of weights belongs to."""

import math
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from torch import Tensor, nn

from nnviz.base.errors import InputError, ModelError
from nnviz.base.events import Progress
from nnviz.engine.models import zoo
from nnviz.engine.models.factories import on_meta
from nnviz.engine.models.networks import CLASSIFIERS, REPAINTERS

Check = Callable[[], None]
Shapes = Mapping[str, tuple[int, ...]]

_CLASSES = 1013
"""A prime: a size that only the number of classes can have given."""
_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
_COUNTER = "num_batches_tracked"
_STATISTICS = ("running_mean", "running_var", _COUNTER)
"""Written by instance norms before version 0.4, and never read."""
_POSITIONS = "encoder.pos_embedding"
_OLD_DENSENET = re.compile(
    r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_\w+))"
)
"""torchvision's published DenseNets were saved before their layers were renamed."""
_SHOWN = 5
_LONGEST = 60
_MARGIN = 0.2


def _ignoring_classes(make: Callable[[], nn.Module]) -> Callable[[int], nn.Module]:
    return lambda _classes: make()


_OWN = {
    **CLASSIFIERS,
    **{name: _ignoring_classes(make) for name, make in REPAINTERS.items()},
}
"""Architectures of our own, by what builds them for a number of classes."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a set of weights lies on an architecture.

    Attributes:
        architecture: its name, torchvision's or a bundled one's.
        classes: number of outputs, read from the head.
        channels: of the input, read from the first convolution.
        image_size: side of the input where positions are learnt, else 0, px.
        missing: keys of the architecture that the weights lack.
        unexpected: keys of the weights that the architecture lacks.
        mismatched: lines "key: found shape, expected shape".
        auxiliary: whether there are weights for the training-only heads.
    """

    architecture: str
    classes: int
    channels: int
    image_size: int = 0
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    auxiliary: bool = True

    @property
    def faults(self) -> int:
        """Number of keys that do not fit."""
        return len(self.missing) + len(self.unexpected) + len(self.mismatched)


@dataclass(frozen=True, slots=True)
class _Signature:
    """The keys and shapes of an architecture with ``_CLASSES`` outputs."""

    shapes: dict[str, tuple[int, ...]]
    first: str = field(default="")
    """Key of the convolution that takes the picture."""


def find_architecture(
    tensors: Mapping[str, Tensor], hint: str, source: str, check: Check
) -> Generator[Progress, None, Fit]:
    """Return the architecture that weights fit.

    Args:
        tensors: the weights.
        hint: text that may name the architecture, the file's name.
        source: the file's name, for errors.
        check: raises to stop.

    Raises:
        ModelError: none fits; shows the nearest and what does not fit.
    """
    shapes = {key: tuple(tensor.shape) for key, tensor in renamed(tensors).items()}
    best: Fit | None = None
    names = yield from _candidates(shapes, hint, check)
    for done, name in enumerate(names):
        check()
        yield Progress(done, len(names), f"comparing {source} with {name}")
        fit = compare(shapes, name)
        if not fit.faults:
            return fit
        if best is None or fit.faults < best.faults:
            best = fit
    raise _no_fit(best, source, shapes)


def build(fit: Fit) -> nn.Module:
    """Return the architecture of a fit, without memory for its weights."""
    if fit.architecture in _OWN:
        with on_meta():
            net = _OWN[fit.architecture](fit.classes)
    else:
        options: dict[str, Any] = {}
        if fit.image_size:
            options["image_size"] = fit.image_size
        net = zoo.empty_network(fit.architecture, fit.classes, **options)
        if not fit.auxiliary:
            _drop_auxiliary(net)
    _set_channels(net, fit.channels)
    return net


def install(
    net: nn.Module, tensors: Mapping[str, Tensor], source: str, check: Check
) -> None:
    """Give a network built without memory its weights; keys and shapes must agree.

    Raises:
        InputError: they do not; names the first that does not.
    """
    state = renamed(tensors)
    expected = net.state_dict()
    for key, value in expected.items():
        check()
        if key not in state and key.endswith(_COUNTER):
            # Written by versions before 0.4.1; only training reads it.
            state[key] = value.new_zeros((), device="cpu")
        if key not in state:
            raise InputError(source, f"lacks {key}", "pick the weights of this network")
        if state[key].shape != value.shape:
            raise InputError(source, _mismatch(key, state[key].shape, value.shape))
    net.load_state_dict({key: state[key] for key in expected}, assign=True)


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights under the names that today's torchvision gives them."""
    return {_OLD_DENSENET.sub(r"\1\2", key): value for key, value in tensors.items()}


def compare(shapes: Shapes, architecture: str) -> Fit:
    """Lay the shapes of weights on an architecture."""
    signature = _signature(architecture)
    expected = signature.shapes
    classes = _classes(shapes, expected)
    channels = _channels(shapes, signature)
    side = _image_size(shapes, expected)
    auxiliary = any(key.startswith(_AUXILIARY) for key in shapes)
    missing, mismatched = [], []
    for key, shape in expected.items():
        wanted = _adapted(key, shape, signature, (classes, channels))
        if key not in shapes:
            optional = not auxiliary and key.startswith(_AUXILIARY)
            if not optional and not key.endswith(_COUNTER):
                missing.append(key)
        elif shapes[key] != wanted and not (side and key == _POSITIONS):
            mismatched.append(_mismatch(key, shapes[key], wanted))
    unexpected = [
        key
        for key in shapes
        if key not in expected
        and not (architecture in REPAINTERS and key.endswith(_STATISTICS))
    ]
    return Fit(
        architecture=architecture,
        classes=classes,
        channels=channels,
        image_size=side,
        missing=tuple(missing),
        unexpected=tuple(unexpected),
        mismatched=tuple(mismatched),
        auxiliary=auxiliary,
    )


# --- candidates -------------------------------------------------------------------


def _candidates(
    shapes: Shapes, hint: str, check: Check
) -> Generator[Progress, None, list[str]]:
    """Return architectures, the likeliest first.

    A name in the file's name, else those built like the one that shares most keys,
    the nearest in size first.
    """
    names = sorted(zoo.architectures(), key=len, reverse=True)
    hinted = [name for name in names if name in hint.lower()]
    if hinted and not compare(shapes, hinted[0]).faults:
        return hinted[:1]
    groups = [*((name,) for name in _OWN), *zoo.relatives()]
    scores = []
    for done, group in enumerate(groups):
        check()
        yield Progress(done, len(groups), f"comparing with {group[0]}")
        scores.append(_likeness(shapes, group[0]))
    if not max(scores):
        return []
    likely = [
        name
        for group, score in zip(groups, scores, strict=True)
        if score >= max(scores) - _MARGIN
        for name in group
    ]
    size = sum(math.prod(shape) for shape in shapes.values())
    return sorted(likely, key=lambda name: abs(_size(name) - size))


def _size(architecture: str) -> int:
    if architecture in _OWN:
        shapes = _signature(architecture).shapes
        return sum(math.prod(shape) for shape in shapes.values())
    return zoo.parameters_of(architecture)


def _likeness(shapes: Shapes, architecture: str) -> float:
    """Return shared keys over the smaller number of keys, in [0, 1]."""
    expected = _signature(architecture).shapes
    shared = len(expected.keys() & shapes.keys())
    return shared / max(1, min(len(expected), len(shapes)))


@cache
def _signature(architecture: str) -> _Signature:
    if architecture in _OWN:
        with on_meta():
            net = _OWN[architecture](_CLASSES)
    else:
        net = zoo.empty_network(architecture, _CLASSES)
    shapes = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    return _Signature(shapes, first_convolution(net))


def first_convolution(net: nn.Module) -> str:
    """Return the key of the weight of the convolution that takes the picture."""
    return next(
        f"{name}.weight"
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d)
    )


# --- comparing --------------------------------------------------------------------


def _classes(shapes: Shapes, expected: Shapes) -> int:
    """Read the number of classes from the last head that the weights have."""
    heads = [key for key, shape in expected.items() if shape[:1] == (_CLASSES,)]
    found = [shapes[key][0] for key in heads if shapes.get(key)]
    return found[-1] if found else _CLASSES


def _channels(shapes: Shapes, signature: _Signature) -> int:
    shape = shapes.get(signature.first, ())
    return (
        shape[1] if len(shape) == len("oiyx") else signature.shapes[signature.first][1]
    )


def _image_size(shapes: Shapes, expected: Shapes) -> int:
    """Return the picture's side that learnt positions are for; 0 if as expected."""
    found, usual = shapes.get(_POSITIONS), expected.get(_POSITIONS)
    patch = expected.get("conv_proj.weight")
    if not found or not usual or not patch or found == usual:
        return 0
    side = math.isqrt(max(0, found[1] - 1))
    fits = side * side + 1 == found[1] and found[2:] == usual[2:]
    return side * patch[-1] if fits else 0


def _adapted(
    key: str, shape: tuple[int, ...], signature: _Signature, found: tuple[int, int]
) -> tuple[int, ...]:
    classes, channels = found
    if shape[:1] == (_CLASSES,):
        return (classes, *shape[1:])
    if key == signature.first:
        return (shape[0], channels, *shape[2:])
    return shape


def _mismatch(key: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    return f"{key}: {_shape(found)} found, {_shape(wanted)} expected"


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape) or "a number"


def _no_fit(best: Fit | None, source: str, shapes: Shapes) -> ModelError:
    if best is None:
        names = ", ".join(key[:_LONGEST] for key in list(shapes)[:_SHOWN])
        more = ", ..." if len(shapes) > _SHOWN else ""
        reason = f"no known architecture has weights of these names: {names}{more}"
        return ModelError(source, reason, "open it from Python: nnviz.load(module)")
    keys = len(shapes)
    nearest = f"{best.architecture} ({best.faults} keys differ; the file has {keys})"
    lines = [f"fits no known architecture; the nearest is {nearest}"]
    for title, entries in (
        ("missing", best.missing),
        ("unexpected", best.unexpected),
        ("mismatched", best.mismatched),
    ):
        if entries:
            lines.append(f"  {title} ({len(entries)}):")
            lines += [f"    {entry}" for entry in entries[:_SHOWN]]
            lines += ["    ..."] if len(entries) > _SHOWN else []
    return ModelError(source, "\n".join(lines))


# --- changing what was built ------------------------------------------------------


def _set_channels(net: nn.Module, channels: int) -> None:
    """Make the first convolution take another number of channels, without memory."""
    name = first_convolution(net).removesuffix(".weight")
    first = net.get_submodule(name)
    if not isinstance(first, nn.Conv2d) or first.in_channels == channels:
        return
    first.in_channels = channels
    outputs, _old, *kernel = first.weight.shape
    first.weight = nn.Parameter(
        first.weight.new_empty((outputs, channels, *kernel)), requires_grad=False
    )


def _drop_auxiliary(net: nn.Module) -> None:
    """Remove the heads of GoogLeNet and Inception that only training uses."""
    for prefix in _AUXILIARY:
        name = prefix.removesuffix(".")
        if hasattr(net, name):
            setattr(net, name, None)
    vars(net)["aux_logits"] = False
