"""One torch operation with its arguments, and the traces of its inputs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from nnviz.engine.compute.span import Span

UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Trace:
    """Trace of a tensor: axes, grid and receptive field.

    Attributes:
        axes: a letter for each axis: n image, c channel, y row, x column, t token,
            ? not known.
        grid: rows and columns that are flattened along t.
        fields: spans along y and x; None once every position can see everything, or
            where the arithmetic does not apply.
    """

    axes: str
    grid: tuple[int, int] | None = None
    fields: tuple[Span, Span] | None = None

    def lost(self) -> "Trace":
        """Return a copy of the trace without its receptive field."""
        return replace(self, fields=None)


class Call:
    """An operation with its arguments, by name or position as in its schema."""

    def __init__(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        trace_of: Callable[[Tensor], Trace | None],
    ) -> None:
        self.name = func._schema.name.removeprefix("aten::").removesuffix("_")  # noqa: SLF001
        self.pointwise = torch.Tag.pointwise in func.tags
        names = [argument.name for argument in func._schema.arguments]  # noqa: SLF001
        defaults = {
            argument.name: argument.default_value
            for argument in func._schema.arguments  # noqa: SLF001
        }
        self.values = defaults | dict(zip(names, args, strict=False)) | dict(kwargs)
        self.tensors = list(tensors_in((args, tuple(kwargs.values()))))
        self.traces = [trace_of(tensor) for tensor in self.tensors]

    @property
    def source(self) -> Tensor:
        """First tensor among the arguments."""
        return self.tensors[0]

    @property
    def trace(self) -> Trace:
        """The first tensor's trace; all axes unknown if it has none."""
        return self.traces[0] or Trace(UNKNOWN * self.source.ndim)

    def pair(self, name: str) -> tuple[int, int]:
        """Return an argument for rows and columns, given as one number or as two."""
        value = self.values[name]
        values = [value] if isinstance(value, int) else list(value)
        return values[0], values[-1]


def first_tensor(output: object) -> Tensor | None:
    """Return the first tensor in a module's output, however nested."""
    return next(tensors_in(output), None)


def tensors_in(value: object) -> Iterator[Tensor]:
    """Yield all tensors in nested sequences and mappings."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from tensors_in(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from tensors_in(each)
