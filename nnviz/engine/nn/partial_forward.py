"""Repeated passes through the part of a network behind a layer.

One full pass records the outputs of the modules before the layer.  A replay runs the
network's own code once more; these modules return their records and the layer its
replacement, and everything that the code does with them runs as usual.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

from nnviz.base.errors import ModelError
from nnviz.base.info import LayerInfo
from nnviz.engine.nn.hooks import checked, find_module, generators_kept, removed_hooks
from nnviz.engine.nn.pytree import map_tensors, with_first_tensor
from nnviz.engine.nn.shapes.calls import first_tensor, tensors_in

Check = Callable[[], None]


@dataclass(slots=True, eq=False)
class _Record:
    """The recorded output of one call of a module.

    Attributes:
        module: the module.
        output: a copy of it.
        tensors: the original tensors with the version of each; a later version means
            that other code wrote into it.
    """

    module: nn.Module
    output: Any
    tensors: list[tuple[Tensor, int]]

    @property
    def written(self) -> bool:
        """Whether the network's own code writes into the output."""
        return any(tensor._version != version for tensor, version in self.tensors)  # noqa: SLF001


@dataclass(slots=True, eq=False)
class PartialForward:
    """The part of a network behind a layer.

    Attributes:
        net: the network.
        x: the normalized image, (1, C, H, W).
        output: of the network for that image.
        given: the layer's output for that image, in its structure.
        layer: the layer itself.
        skipped: modules that a replay leaves out, the layer among them.
    """

    net: nn.Module
    x: Tensor
    output: Any
    given: Any
    layer: nn.Module
    skipped: list[nn.Module]
    _queue: list[tuple[nn.Module, Any, bool]]

    @property
    def activation(self) -> Tensor:
        """The layer's recorded output, (1, ...); do not write to it."""
        found = first_tensor(self.given)
        if found is None:
            raise TypeError("the layer gave no tensor")
        return found

    @property
    def answer(self) -> Tensor:
        """First tensor of the network's output."""
        found = first_tensor(self.output)
        if found is None:
            raise ModelError("the network", "returns no tensor", "pick another network")
        return found

    def run(self, outputs: Tensor, score: Callable[[Tensor], Tensor]) -> Tensor:
        """Return the network's scores with the layer's output replaced.

        Args:
            outputs: (N, ...), in place of the layer's own output.
            score: from the input of ``net`` (N, C, H, W) to (N,), by running ``net``.
        """
        replay = _Replay(self, outputs)
        places = {id(module): module for module, _, _ in self._queue}
        places[id(self.layer)] = self.layer
        before = {key: vars(each).get("forward") for key, each in places.items()}
        try:
            for module in places.values():
                vars(module)["forward"] = replay.instead_of(module)
            with torch.no_grad():
                return score(self.x.expand(len(outputs), -1, -1, -1))
        finally:
            for key, module in places.items():
                _put_back(module, before[key])


def record_partial_forward(
    net: nn.Module, x: Tensor, layer: LayerInfo, check: Check
) -> PartialForward:
    """Run a network once; return the part of it behind a layer.

    Args:
        net: the network.
        x: normalized, (1, C, H, W).
        layer: the tail begins at its last call.
        check: called before every module; raises to abandon the pass.

    Raises:
        ModelError: the pass does not run the layer or it returns no tensor, or a module
            before it does not keep the batch first.
    """
    recorder = _Recorder(net, layer)
    with (
        torch.no_grad(),
        generators_kept(x.device),
        checked(check),
        recorder.watching(),
    ):
        output = net(x)
    if first_tensor(recorder.given) is None:
        raise ModelError(
            layer.name, "a forward pass gets no tensor from it", "pick another layer"
        )
    queue = [(each.module, each.output, each.written) for each in recorder.records]
    for tensor in tensors_in([output for _, output, _ in queue]):
        if not tensor.ndim or len(tensor) != 1:
            raise ModelError(
                layer.name,
                f"comes after a layer that gives {tuple(tensor.shape)}, without the "
                "batch first",
                "pick another layer",
            )
    module = recorder.layer
    skipped = [*(module for module, _, _ in queue), module]
    return PartialForward(net, x, output, recorder.given, module, skipped, queue)


class _Recorder:
    """Records the outputs of the outermost modules that ended before the layer."""

    def __init__(self, net: nn.Module, layer: LayerInfo) -> None:
        self.layer = find_module(net, layer.name)
        self.calls = layer.calls
        self.given: Any = None
        self.records: list[_Record] = []
        parts = layer.name.split(".")
        paths = [".".join(parts[:depth]) for depth in range(len(parts))]
        self._around = {id(find_module(net, path)) for path in paths}
        self._stack: list[tuple[nn.Module, int]] = []
        self._seen = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hook every module that this thread runs inside the block."""
        owner = threading.get_ident()

        def enter(module: nn.Module, _inputs: Any) -> None:
            if threading.get_ident() == owner and self._seen < self.calls:
                self._stack.append((module, len(self.records)))

        def leave(module: nn.Module, _inputs: Any, output: Any) -> None:
            if threading.get_ident() == owner and self._seen < self.calls:
                self._leave(module, output)

        with removed_hooks() as handles:
            handles.append(register_module_forward_pre_hook(enter))
            handles.append(register_module_forward_hook(leave))
            yield

    def _leave(self, module: nn.Module, output: Any) -> None:
        _, start = self._stack.pop()
        # The records of inner modules are replaced by the one of the whole.
        del self.records[start:]
        if module is self.layer:
            self._seen += 1
            if self._seen == self.calls:
                self.given = map_tensors(output, Tensor.clone)
                return
        if all(id(each) in self._around for each, _ in self._stack):
            self._record(module, output)

    def _record(self, module: nn.Module, output: Any) -> None:
        tensors = [(each, each._version) for each in tensors_in(output)]  # noqa: SLF001
        shared = {each.untyped_storage().data_ptr() for each, _ in tensors}
        for earlier in self.records:
            # A module that writes in place is skipped itself: its own write does no
            # harm.
            earlier.tensors = [
                (each, each._version if _memory(each) in shared else version)  # noqa: SLF001
                for each, version in earlier.tensors
            ]
        copy = map_tensors(output, Tensor.clone)
        self.records.append(_Record(module, copy, tensors))


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


@dataclass(slots=True, eq=False)
class _Replay:
    """One run of the network's code, with records in place of modules' outputs."""

    tail: PartialForward
    outputs: Tensor
    place: int = field(default=0)

    def instead_of(self, module: nn.Module) -> Callable[..., Any]:
        """Return the function that replaces a module's ``forward``."""
        real = module.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            queue = self.tail._queue  # noqa: SLF001  one with its tail
            if self.place < len(queue) and queue[self.place][0] is module:
                _, output, written = queue[self.place]
                self.place += 1
                return self._for_all(output, written=written)
            if module is self.tail.layer and self.place == len(queue):
                return with_first_tensor(self.tail.given, self.outputs)
            return real(*args, **kwargs)

        return forward

    def _for_all(self, output: Any, *, written: bool) -> Any:
        """Expand a recorded output to the batch, copied if it is written to."""
        count = len(self.outputs)

        def spread(tensor: Tensor) -> Tensor:
            wide = tensor.expand(count, *tensor.shape[1:])
            return wide.clone() if written else wide

        return map_tensors(output, spread)


def _put_back(module: nn.Module, forward: Any) -> None:
    if forward is None:
        vars(module).pop("forward", None)
    else:
        vars(module)["forward"] = forward
