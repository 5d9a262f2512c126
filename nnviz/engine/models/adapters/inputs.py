"""Input adapter: images for networks with several inputs, or for signals.

A network may take further inputs, which are fixed here (the other image of a siamese
network, an age besides an X-ray), or signals (N, C, L), which are images one row high.
"""

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.base.errors import ModelError, unknown
from nnviz.base.preprocess import Preprocess
from nnviz.engine.compute import memory
from nnviz.engine.models.adapters.signals import with_maps
from nnviz.engine.nn.shapes.tracer import noise_input, sharing_twin

_ROW = 1


class InputAdapter:
    """Forward pre-hook that converts the image to the network's inputs."""

    def __init__(
        self, asked: str, fixed: Mapping[str, Tensor], *, signal: bool
    ) -> None:
        self._asked = asked
        self._fixed = dict(fixed)
        self._signal = signal

    def __call__(
        self, _module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments with fixed inputs added; signals lose the row axis."""
        x = args[0]
        if self._signal:
            x = x.squeeze(2)
        if not self._fixed:
            return (x, *args[1:]), kwargs
        fixed = {name: _fitted(each, x) for name, each in self._fixed.items()}
        return (), {self._asked: x, **fixed, **kwargs}


def _fitted(value: Tensor, x: Tensor) -> Tensor:
    """Move a fixed input to the image's device, expanded to its batch."""
    moved = value.to(x.device)
    if moved.ndim and len(moved) == 1 and len(x) > 1:
        return moved.expand(len(x), *moved.shape[1:])
    return moved


def adapt_inputs(
    net: nn.Module,
    preprocess: Preprocess,
    fixed: Mapping[str, Any],
    title: str,
) -> tuple[str, ...]:
    """Hook a network so that it takes a single image; return notes.

    Args:
        net: the caller's own copy; gets a hook where it needs one.
        preprocess: of its image.
        fixed: further inputs by the names of the parameters of ``forward``, as tensors
            or arrays with a batch of one.
        title: the network's name, for errors.

    Raises:
        UsageError: the network has no such input; names the nearest.
        ModelError: the network takes several inputs, and more than one is not fixed.
    """
    names, required = _inputs(net)
    for name in fixed:
        if names and name not in names:
            raise unknown("input", name, names)
    missing = [name for name in required if name not in fixed]
    if len(missing) > 1:
        raise ModelError(
            title,
            f"takes {len(missing)} inputs ({', '.join(missing)})",
            f"fix all but one: nnviz.load(..., fixed={{{missing[-1]!r}: tensor}})",
        )
    asked = next(iter(missing or [each for each in names if each not in fixed]), "")
    tensors = {name: torch.as_tensor(value).cpu() for name, value in fixed.items()}
    signal = _takes_signals(net, preprocess, InputAdapter(asked, tensors, signal=True))
    if not (fixed or signal):
        return ()
    notes = [f"asked about {asked}; fixed: {', '.join(fixed)}"] if fixed else []
    if signal:
        length = preprocess.input_size[1]
        notes.append(f"takes signals of {length} samples: images one row high")
    if signal and not fixed and _gives_maps(net, preprocess):
        notes.append("its layers along one axis are used as layers of one row")
        return tuple(notes)
    adapter = InputAdapter(asked, tensors, signal=signal)
    net.register_forward_pre_hook(adapter, with_kwargs=True)
    return tuple(notes)


def _gives_maps(net: nn.Module, preprocess: Preprocess) -> bool:
    """Exchange the layers of a network of signals for those of images, if possible."""
    noise = noise_input(net, preprocess.channels, preprocess.input_size)
    exchanged = with_maps(net, noise, noise.squeeze(2))
    if exchanged is None:
        return False
    vars(net)["_modules"] = vars(exchanged)["_modules"]
    return True


def _inputs(net: nn.Module) -> tuple[list[str], list[str]]:
    """Return the names of all inputs of ``forward``, and of the required ones."""
    try:
        parameters = inspect.signature(net.forward).parameters.values()
    except (TypeError, ValueError):
        return [], []
    usual = [
        each
        for each in parameters
        if each.kind in {each.POSITIONAL_OR_KEYWORD, each.POSITIONAL_ONLY}
    ]
    required = [each.name for each in usual if each.default is each.empty]
    return [each.name for each in usual], required


@torch.no_grad()
def _takes_signals(
    net: nn.Module, preprocess: Preprocess, adapter: InputAdapter
) -> bool:
    """Tell whether a network refuses images one row high but accepts signals."""
    if preprocess.input_size[0] != _ROW:
        return False
    noise = noise_input(net, preprocess.channels, preprocess.input_size)
    if memory.refusal(lambda: sharing_twin(net)(noise)) is None:
        return False
    args, kwargs = adapter(net, (noise,), {})
    return memory.refusal(lambda: sharing_twin(net)(*args, **kwargs)) is None
