"""Trace of a forward pass: the tensor operations that depend on the image.

A dispatch mode sees every operation of the network, functional ones too, and records
those that depend on the image.  The trace can be replayed for other images only where
the network's code does not read values: a pass that asks for one is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from nnviz.engine.nn.pytree import map_tensors, rebuilt
from nnviz.engine.nn.shapes.calls import Call, Trace, tensors_in
from nnviz.engine.nn.shapes.macs import macs_of
from nnviz.engine.nn.shapes.receptive_field import follow


class UnfollowableError(Exception):
    """The network's operations cannot be replayed; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Placeholder for a value of the trace in a step's arguments."""

    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A tensor that depends on the image.

    Attributes:
        base: its value for the image itself, (1, ...) or as the network has it.
        axes: a letter for each axis, as in ``Trace``: n, c, y, x, "?".
    """

    base: Tensor
    axes: str

    @property
    def spatial(self) -> bool:
        """Whether image, rows and columns have one known axis each."""
        return all(self.axes.count(axis) == 1 for axis in "nyx")


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One operation, never in place.

    Attributes:
        function: of torch.
        name: of the operation, "conv2d".
        pointwise: whether torch declares that it treats each number independently.
        args: by name; values of the trace as ``Ref``.
        inputs: indices of the values it takes.
        outputs: indices of the values it gives, in their order.
        macs: multiply-accumulates for the image.
    """

    function: Callable[..., Any]
    name: str
    pointwise: bool
    args: Mapping[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    macs: int


@dataclass(frozen=True, slots=True, eq=False)
class ForwardTrace:
    """Trace of the operations from an image to the output of a pass.

    Attributes:
        steps: in order; only those that the output depends on.
        values: the image first.
        output: of the pass, its tensors as ``Ref``.
    """

    steps: tuple[Step, ...]
    values: tuple[Value, ...]
    output: Any

    @property
    def outputs(self) -> tuple[int, ...]:
        """Indices of the output's values."""
        return tuple(ref.index for ref in _references(self.output))

    def base_output(self) -> Any:
        """Return the output of the pass for the image itself."""
        return substitute(self.output, lambda ref: self.values[ref.index].base)


@torch.inference_mode()
def record_trace(run: Callable[[Tensor], Any], x: Tensor) -> ForwardTrace:
    """Run a forward pass once and return its trace.

    Args:
        run: the pass.
        x: the image, (1, C, H, W).

    Raises:
        UnfollowableError: the code reads values, or writes into tensors in a way that
            operations cannot express.
    """
    # A copy: the caller's tensor must not be written into.
    x = x.clone(memory_format=torch.preserve_format)
    recorder = _Recorder(x)
    with recorder, _NumberGuard(recorder):
        output = run(x)
    structure = map_tensors(output, recorder.reference)
    steps = _needed(recorder.steps, {ref.index for ref in _references(structure)})
    return ForwardTrace(steps, tuple(recorder.values), structure)


def _needed(steps: list[Step], wanted: set[int]) -> tuple[Step, ...]:
    """Return the steps that the wanted values depend on."""
    kept = []
    for step in reversed(steps):
        if wanted.intersection(step.outputs):
            wanted |= set(step.inputs)
            kept.append(step)
    return tuple(reversed(kept))


def substitute(structure: Any, change: Callable[[Ref], Any]) -> Any:
    """Return a structure with its references to values of the trace replaced."""
    if isinstance(structure, Ref):
        return change(structure)
    if isinstance(structure, dict):
        parts = {key: substitute(part, change) for key, part in structure.items()}
        return type(structure)(parts)
    if isinstance(structure, tuple | list):
        return rebuilt(structure, [substitute(part, change) for part in structure])
    return structure


def _references(structure: Any) -> list[Ref]:
    if isinstance(structure, Ref):
        return [structure]
    if isinstance(structure, Mapping):
        structure = tuple(structure.values())
    if isinstance(structure, tuple | list):
        return [ref for part in structure for ref in _references(part)]
    return []


_RECURRENT = ("rnn", "lstm", "gru")
"""In names of operations whose initial state has the batch size of the recorded pass:
oneDNN's read past its end for a larger batch, and no error is raised."""


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records the operations on tensors that depend on the image."""

    def __init__(self, x: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.steps: list[Step] = []
        self.values: list[Value] = []
        # The tensors are kept alive so that no later one reuses an id.
        self._known: dict[int, tuple[Tensor, int]] = {}
        self._stale: set[int] = set()
        self._note(x, Trace("ncyx"))

    def depends(self, tensor: Tensor) -> bool:
        """Tell whether a tensor depends on the image."""
        return id(tensor) in self._known

    def reference(self, tensor: Tensor) -> Ref | Tensor:
        """Return the reference to a tensor; the tensor itself if it is constant."""
        if not self.depends(tensor):
            return tensor
        if id(tensor) in self._stale:
            raise UnfollowableError("it writes into a tensor that is read elsewhere")
        return Ref(self._known[id(tensor)][1])

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation, and record it if it depends on the image."""
        kwargs = kwargs or {}
        if not any(map(self.depends, tensors_in((args, tuple(kwargs.values()))))):
            return func(*args, **kwargs)
        if func._schema.is_mutable:  # noqa: SLF001
            return self._in_place(func, args, kwargs)
        output = func(*args, **kwargs)
        self._record(func, args, kwargs, output)
        return output

    def _in_place(
        self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Tensor:
        """Run an in-place operation as its functional form, and swap the memory."""
        target = args[0]
        packet = func.overloadpacket
        name = packet.__name__
        plain = getattr(torch.ops.aten, name.removesuffix("_"), None)
        overload = getattr(plain, func._overloadname, None)  # noqa: SLF001
        if not (name.endswith("_") and overload and self.depends(target)):
            raise UnfollowableError(f"it writes with {name}")
        output = overload(*args, **kwargs)
        if output.shape != target.shape or output.dtype != target.dtype:
            raise UnfollowableError(f"it changes a tensor's shape with {name}")
        self._record(overload, args, kwargs, output)
        memory = target.untyped_storage().data_ptr()
        self._stale |= {
            key
            for key, (each, _) in self._known.items()
            if each is not target and each.untyped_storage().data_ptr() == memory
        }
        target.set_(output)
        self._known[id(target)] = (target, self._known[id(output)][1])
        self._stale.discard(id(target))
        return target  # type: ignore[no-any-return]

    def _record(
        self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any
    ) -> None:
        outputs = [output] if isinstance(output, Tensor) else output
        call = Call(func, args, kwargs, self._trace)
        if any(kind in call.name for kind in _RECURRENT):
            raise UnfollowableError(f"it runs a recurrent layer ({call.name})")
        if not isinstance(outputs, tuple | list) or not all(
            isinstance(each, Tensor) for each in outputs
        ):
            raise UnfollowableError(f"it decides by numbers ({call.name})")
        named = {
            name: _with_references(value, self.reference)
            for name, value in call.values.items()
        }
        inputs = tuple(ref.index for ref in _references(tuple(named.values())))
        places = tuple(
            self._note(each, follow(call, each) or Trace("?" * each.ndim))
            for each in outputs
        )
        self.steps.append(
            Step(
                function=func,
                name=call.name,
                pointwise=call.pointwise,
                args=named,
                inputs=inputs,
                outputs=places,
                macs=macs_of(call, output),
            )
        )

    def _trace(self, tensor: Tensor) -> Trace | None:
        known = self._known.get(id(tensor))
        return Trace(self.values[known[1]].axes) if known else None

    def _note(self, tensor: Tensor, trace: Trace) -> int:
        axes = trace.axes if len(trace.axes) == tensor.ndim else "?" * tensor.ndim
        # Another view of the memory: the tensor object may later be given other memory.
        self.values.append(Value(tensor.detach(), axes))
        self._known[id(tensor)] = (tensor, len(self.values) - 1)
        return len(self.values) - 1


def _with_references(value: Any, reference: Callable[[Tensor], Any]) -> Any:
    """Return an argument with its tensors replaced by references."""
    if isinstance(value, Tensor):
        return reference(value)
    if isinstance(value, tuple | list):
        return [_with_references(each, reference) for each in value]
    return value


class _NumberGuard(TorchFunctionMode):
    """Refuses reads of tensor values by Python that bypass operations."""

    _READS = frozenset({"tolist", "numpy", "__array__", "data_ptr"})

    def __init__(self, recorder: _Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a torch function unless it reads values that depend on the image."""
        name = getattr(func, "__name__", "")
        if name in self._READS and any(map(self._recorder.depends, tensors_in(args))):
            raise UnfollowableError(f"it reads numbers ({name})")
        return func(*args, **(kwargs or {}))
