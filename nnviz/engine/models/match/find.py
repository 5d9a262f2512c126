"""Search for the architecture that weights belong to, and its construction."""

from collections.abc import Callable, Generator, Mapping
from typing import Any

from torch import Tensor, nn

from nnviz.base.errors import InputError, ModelError
from nnviz.base.events import Progress
from nnviz.base.shipped.distribution import install_command
from nnviz.engine.models.factories import holds_only_weights
from nnviz.engine.models.match.architectures import LIBRARIES, is_installed, split_name
from nnviz.engine.models.match.fit import Fit, first_convolution, lay
from nnviz.engine.models.match.heads import (
    ConcatPool2d,
    Head,
    build_head,
    child_name,
)
from nnviz.engine.models.match.renames import View, views
from nnviz.engine.models.match.signatures import BOOKKEEPING, Resemblance, Shapes, rank

Check = Callable[[], None]

_RANKED = 60
"""Architectures that are looked at by their sketches: one backbone is in many."""
_TRIED = 12
"""Architectures that are compared weight by weight."""
_NEARLY = 0.85
"""Fraction of the best similarity from which another one is tried too."""
_ALIKE = 0.3
"""Similarity from which an architecture is suggested as the nearest."""
_SHOWN = 2
_STRANGER = (
    "its own code is needed: open the .py file that makes the network (or "
    "python:package.module:function), or export it to ONNX"
)


def find_architecture(
    tensors: Mapping[str, Tensor], hint: str, source: str, check: Check
) -> Generator[Progress, None, Fit]:
    """Find the architecture that weights fit.

    Args:
        tensors: the weights, by their names in the file.
        hint: text that may name the architecture: the file's name, or a name stored in
            it.
        source: the file's name, for errors.
        check: raises to stop.

    Raises:
        ModelError: none fits; names the nearest with its mismatches, or the package
            that may provide it.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    candidates = _candidates(shapes, hint)
    best: Fit | None = None
    for done, (view, found) in enumerate(candidates):
        check()
        words = f"comparing {source} with {found.architecture}"
        yield Progress(done, len(candidates), words)
        if not is_installed(LIBRARIES[found.architecture.partition(":")[0]]):
            continue
        fit = lay(view, found.prefix, shapes, found.architecture)
        if best is None or _badness(fit) < _badness(best):
            best = fit
        if not _badness(fit)[0] and not fit.left_out and fit.head is None:
            break
    if best is not None and not best.faults:
        return best
    raise _no_fit(best, candidates, source, len(shapes))


def _candidates(shapes: Shapes, hint: str) -> list[tuple[View, Resemblance]]:
    """Return the most similar architectures, best first, with the renaming for each.

    Among equally similar ones, one that the hint names goes first.  Then come those
    that explain the most weights: a segmenter has more of them than its backbone.
    """
    found = [
        (view, each)
        for view in views(shapes)
        for each in rank({usual: shapes[name] for usual, name in view.items()}, _RANKED)
    ]
    hint = hint.lower()
    found.sort(key=lambda pair: _order(pair[1], hint))
    enough = found[0][1].share * _NEARLY if found else 0.0
    near = [pair for pair in found if pair[1].share >= enough]
    first, others = near[: _TRIED // 2], near[_TRIED // 2 :]
    known = {each.architecture for _, each in first}
    others = [pair for pair in others if pair[1].architecture not in known]
    others.sort(key=lambda pair: -pair[1].explained)
    return [*first, *others[: _TRIED - len(first)]]


def _order(found: Resemblance, hint: str) -> tuple[float, int, int, int, int]:
    """Return the sort key: similarity, then hint, size and simplicity.

    The simplest is that of the first library, and within it the one of the shortest
    name.
    """
    library, _, name = found.architecture.partition(":")
    place = list(LIBRARIES).index(library)
    named = _named_length(found, hint)
    return -found.share, -named, abs(found.surplus), place, len(name)


def _named_length(found: Resemblance, hint: str) -> int:
    """Return the length of the architecture's name if the hint contains it, else 0."""
    name = found.architecture.partition(":")[2].lower()
    return len(name) if name in hint else 0


def _badness(fit: Fit) -> tuple[int, bool, int]:
    return fit.faults, fit.head is not None and not fit.head.layers, len(fit.left_out)


def build(fit: Fit) -> nn.Module:
    """Build the architecture of a fit, without weights."""
    library, name = split_name(fit.architecture)
    options: dict[str, Any] = {"auxiliary": fit.auxiliary}
    if fit.image_size:
        options["image_size"] = fit.image_size
    net = library.build(name, max(1, fit.classes), **options)
    if not holds_only_weights(net):
        net = library.build(name, max(1, fit.classes), empty=False, **options)
    _set_first_convolution(net, fit.channels, fit.kernel)
    if fit.head is not None:
        net.set_submodule(fit.head.path, build_head(fit.head))
        if fit.head.doubled:
            net.set_submodule("avgpool", ConcatPool2d(), strict=True)
    return net


def install(
    net: nn.Module,
    tensors: Mapping[str, Tensor],
    source: str,
    check: Check,
    fit: Fit | None = None,
) -> None:
    """Load weights into a network built without them; names and shapes must agree.

    Args:
        net: as returned by ``build``.
        tensors: by their names in the file.
        source: the file's name, for errors.
        check: raises to stop.
        fit: maps weights to names; without it the names are unchanged.

    Raises:
        InputError: names or shapes differ; names the first difference.
    """
    names = fit.names if fit is not None else {name: name for name in tensors}
    state = {_in_head(usual, fit): tensors[name] for usual, name in names.items()}
    expected = net.state_dict()
    for key, value in expected.items():
        check()
        if key not in state and key.endswith(BOOKKEEPING):
            # Missing in files of versions before 0.4.1; only training reads it.
            state[key] = value.new_zeros((), device="cpu")
        _require_shape(key, state, value, source)
    net.load_state_dict({key: state[key] for key in expected}, assign=True)


def _in_head(name: str, fit: Fit | None) -> str:
    """Translate a weight's name for a rebuilt head; others stay."""
    head: Head | None = fit.head if fit is not None else None
    if head is None or not name.startswith(f"{head.path}."):
        return name
    layer, _, weight = name[len(head.path) + 1 :].rpartition(".")
    inner = f"{child_name(layer)}." if layer else ""
    return f"{head.path}.{inner}{weight}"


def _set_first_convolution(net: nn.Module, channels: int, kernel: int) -> None:
    """Replace the first convolution, for other channels or small images."""
    name = first_convolution(net).removesuffix(".weight")
    first = net.get_submodule(name) if name else None
    if not isinstance(first, nn.Conv2d):
        return
    outputs, inputs, *sides = first.weight.shape
    if kernel:
        sides = [kernel, kernel]
        first.kernel_size, first.stride = (kernel, kernel), (1, 1)
        first.padding = (kernel // 2, kernel // 2)
        vars(net)["_modules"]["maxpool"] = nn.Identity()
    if kernel or channels != inputs:
        first.in_channels = channels
        empty = first.weight.new_empty((outputs, channels, *sides))
        first.weight = nn.Parameter(empty, requires_grad=False)


def _require_shape(
    key: str, state: Mapping[str, Tensor], expected: Tensor, source: str
) -> None:
    """Refuse a state dict with a missing weight, or one of another shape or kind."""
    if key not in state:
        raise InputError(source, f"lacks {key}", "pick the weights of this network")
    if state[key].shape != expected.shape:
        shapes = f"{tuple(state[key].shape)} found, {tuple(expected.shape)} expected"
        raise InputError(source, f"{key}: {shapes}")
    if expected.is_floating_point() and not state[key].is_floating_point():
        kind = str(state[key].dtype).removeprefix("torch.")
        remedy = "save its weights as float32"
        raise InputError(source, f"{key} holds {kind}, no floats", remedy)


def _no_fit(
    best: Fit | None,
    candidates: list[tuple[View, Resemblance]],
    source: str,
    names: int,
) -> ModelError:
    nearest = candidates[0][1] if candidates else None
    if nearest is None or nearest.share < _ALIKE:
        reason = "its weights are named like those of no known architecture"
        return ModelError(source, reason, _STRANGER)
    library_name, _, name = nearest.architecture.partition(":")
    library = LIBRARIES[library_name]
    if not is_installed(library):
        reason = f"holds the weights of {name} of the package {library.package}"
        return ModelError(source, reason, install_command(library.package))
    return ModelError(source, _differences(best, nearest, names), _STRANGER)


def _differences(best: Fit | None, nearest: Resemblance, names: int) -> str:
    if best is None:
        return f"resembles {nearest.architecture}, but does not fit it"
    name = best.architecture.partition(":")[2]
    nearest_name = f"{name} ({best.faults} of {names} keys do not fit)"
    parts = []
    for title, entries in (
        ("missing", best.missing),
        ("unexpected", best.unexpected),
        ("mismatched", best.mismatched),
    ):
        if entries:
            more = ", ..." if len(entries) > _SHOWN else ""
            listed = ", ".join(entries[:_SHOWN])
            parts.append(f"{len(entries)} {title} ({listed}{more})")
    differences = ", ".join(parts)
    return f"fits no known architecture, the nearest is {nearest_name}: {differences}"
