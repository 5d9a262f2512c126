"""Incremental forward pass: recomputes only the parts that a changed patch affects.

The feature maps of the image itself are kept.  For images that differ from it in a
rectangle, each operation computes the part of its map that can differ, and reads the
surroundings of that part from the kept map.  Where everything can differ, as behind a
global pooling, the rest of the pass is computed in full.

Changed parts are stored as a batch of single positions, each an image of 1 x 1: so one
operation handles images whose parts have different shapes, and only a sliding window
needs them laid out as maps, one call for all that share a shape.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nnviz.engine.nn.incremental.plan import Plan, Rule, plan_regions, rule_of
from nnviz.engine.nn.incremental.regions import (
    Interval,
    Rectangles,
    Region,
    gather_index,
    keep,
    seen_from,
    whole_maps,
)
from nnviz.engine.nn.incremental.rules import SlidingRule, reshapes
from nnviz.engine.nn.incremental.trace import ForwardTrace, Ref, Step, Value, substitute

Check = Callable[[], None]
_FILLS = (0.0, -torch.inf)
"""Values of padding: the first rows of every store."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A value of the trace for a batch of images, whole or limited to a region.

    Attributes:
        tensor: with the value's axes: in full (N, ...), or the positions of a region
            one by one along the first axis, with one row and one column.
        region: the part of the maps that it holds; None for all of them.
    """

    tensor: Tensor
    region: Region | None


class IncrementalForward:
    """Runs a network incrementally on images that differ from one in a rectangle.

    Args:
        trace: of that image.
        check: called before every operation; raises to abandon the pass.
    """

    def __init__(self, trace: ForwardTrace, check: Check) -> None:
        self._rules = [rule_of(step, trace) for step in trace.steps]
        self.trace = _without_unread(trace, self._rules)
        self.check = check
        self._stores: dict[int, _Store] = {}
        self._last_use = _last_uses(trace)
        self._planned: tuple[Hashable, Plan] | None = None

    @torch.inference_mode()
    def __call__(
        self, patches: Tensor, tops: Sequence[int], lefts: Sequence[int]
    ) -> Any:
        """Return the network's output for the image with one rectangle replaced.

        Args:
            patches: normalized, (N, C, h, w), the rectangle's new content.
            tops: its first row in each image, (N,).
            lefts: its first column in each image, (N,).

        Returns:
            As the network gives it, for a batch.
        """
        size = patches.shape[2], patches.shape[3]
        plan = self._plan(size, tops, lefts)
        batch = _Batch(self, plan, len(patches))
        places = patches.permute(0, 2, 3, 1).reshape(-1, patches.shape[1], 1, 1)
        batch.parts[0] = Part(places, plan.regions[0])
        for step, rule, done in zip(
            self.trace.steps, self._rules, self._last_use, strict=True
        ):
            self.check()
            batch.run(step, rule)
            for index in done:
                batch.release(index)
        return batch.output(self.trace.output)

    def work(
        self, size: tuple[int, int], tops: Sequence[int], lefts: Sequence[int]
    ) -> float:
        """Return the work as a share of the full passes' multiply-accumulates.

        Args:
            size: height and width of the rectangle.
            tops: its first row in each image, (N,).
            lefts: its first column in each image, (N,).
        """
        plan = self._plan(size, tops, lefts)
        full = needed = 0.0
        for step in self.trace.steps:
            region = plan.regions[step.outputs[0]]
            full += step.macs
            needed += step.macs * (region.fraction if region else 1)
        return needed / full if full else 1.0

    def store(self, index: int) -> "_Store":
        """Return the store of a value, created if needed."""
        if index not in self._stores:
            self._stores[index] = _Store(self.trace.values[index])
        return self._stores[index]

    def _plan(
        self, size: tuple[int, int], tops: Sequence[int], lefts: Sequence[int]
    ) -> Plan:
        """Return the plan for these rectangles, cached for a second query."""
        key = size, tuple(tops), tuple(lefts)
        if self._planned is None or self._planned[0] != key:
            changed = self._changed(size, tops, lefts)
            plan = plan_regions(self.trace, self._rules, changed)
            self._planned = key, plan
        return self._planned[1]

    def _changed(
        self, size: tuple[int, int], tops: Sequence[int], lefts: Sequence[int]
    ) -> Region:
        sides = self.trace.values[0].base.shape[2:]
        rows, columns = (
            _placed(starts, length, side)
            for starts, length, side in zip((tops, lefts), size, sides, strict=True)
        )
        return keep(rows, columns, 0, 0)


def _without_unread(trace: ForwardTrace, rules: list[Rule]) -> ForwardTrace:
    """Return a trace that keeps only the base maps that later operations read."""
    read = {0, *trace.outputs}
    for step, rule in zip(trace.steps, rules, strict=True):
        slides = isinstance(rule, SlidingRule) and not rule.pointwise
        if slides or rule == "whole" or len(step.inputs) > 1:
            read.update(step.inputs)
    values = tuple(
        value if index in read else replace(value, base=value.base.to("meta"))
        for index, value in enumerate(trace.values)
    )
    return replace(trace, values=values)


def _last_uses(trace: ForwardTrace) -> list[list[int]]:
    """Return, for each step, the values that no later step uses."""
    kept = set(trace.outputs)
    uses: list[list[int]] = []
    for step in reversed(trace.steps):
        mine = {*step.inputs, *step.outputs} - kept
        kept |= mine
        uses.append(sorted(mine))
    return uses[::-1]


def _placed(starts: Sequence[int], length: int, side: int) -> Interval:
    first = np.asarray(starts, np.int64)
    return Interval(first, first + length, side)


class _Store:
    """A value's base map followed by a batch's changed places, as rows of one array.

    A row holds all channels of one position.
    """

    def __init__(self, value: Value) -> None:
        axes = value.axes
        order = [axes.index(each) for each in "nyx"]
        order += [at for at in range(len(axes)) if at not in order]
        self.back = [order.index(at) for at in range(len(axes))]
        base = value.base.permute(order)
        self.rest = base.shape[3:]
        self.parts = len(_FILLS) + base.shape[1] * base.shape[2]
        self._rows = base.new_empty((self.parts, self.rest.numel()))
        for row, fill in enumerate(_FILLS):
            self._rows[row] = fill
        self._rows[len(_FILLS) :] = base.reshape(-1, self.rest.numel())
        self._held: Part | None = None

    def hold(self, part: Part) -> None:
        """Write a batch's places after the base map, unless they are there already."""
        if self._held is part:
            return
        needed = self.parts + len(part.tensor)
        if needed > len(self._rows):
            larger = self._rows.new_empty((needed, self._rows.shape[1]))
            larger[: self.parts] = self._rows[: self.parts]
            self._rows = larger
        rows = part.tensor.reshape(len(part.tensor), -1)
        self._rows[self.parts : needed] = rows
        self._held = part

    def read(self, index: Tensor) -> Tensor:
        """Return the rows at an index, of the base map and of the batch's places."""
        return self._rows.index_select(0, index)


@dataclass(slots=True, eq=False)
class _Batch:
    """One pass of a batch through the trace."""

    forward: IncrementalForward
    plan: Plan
    size: int
    parts: dict[int, Part] = field(default_factory=dict)
    _wholes: dict[int, Tensor] = field(default_factory=dict)
    _indices: dict[tuple[object, ...], Tensor] = field(default_factory=dict)

    def release(self, index: int) -> None:
        """Free a value."""
        del self.parts[index]
        self._wholes.pop(index, None)

    def run(self, step: Step, rule: Rule) -> None:
        """Run one operation on the smallest region that it needs."""
        region = self.plan.regions[step.outputs[0]]
        if region is None:
            outputs = self._run_whole(step)
        elif isinstance(rule, SlidingRule):
            outputs = [self._slide(step.inputs[0], rule, region)]
        else:
            outputs = self._run_in_places(step, region, reshape=rule == "reshape")
        for index, output in zip(step.outputs, outputs, strict=True):
            self.parts[index] = Part(output, region)

    def output(self, structure: Any) -> Any:
        """Return the network's output."""
        return substitute(structure, lambda ref: self._whole(ref.index))

    def _slide(self, source: int, rule: SlidingRule, region: Region) -> Tensor:
        """Apply a sliding-window operation at the places of a region."""
        if rule.pointwise:
            rows = self.parts[source].tensor.flatten(1)
            return _rows(rule.apply(_images(rows, 1, len(rows), 1)))
        wanted = seen_from(region, rule.rows, rule.columns)
        key = id(region), rule.rows, rule.columns
        rows = self._read(source, wanted, key, rule.fill)
        found, done = [], 0
        for images, first in zip(region.groups, _starts(region.groups), strict=True):
            image = wanted.order[first]
            height, width = int(wanted.heights[image]), int(wanted.widths[image])
            end = done + images * height * width
            found.append(
                _rows(rule.apply(_images(rows[done:end], images, height, width)))
            )
            done = end
        return torch.cat(found) if len(found) > 1 else found[0]

    def _run_in_places(
        self, step: Step, region: Region, *, reshape: bool
    ) -> Sequence[Tensor]:
        """Run an operation that treats places independently, on a region's places."""
        inputs = {index: self._within(index, region) for index in step.inputs}
        if not reshape:
            return _called(step, lambda ref: inputs[ref.index])
        given = inputs[step.inputs[0]]
        return [given.reshape(self._shape(step.outputs[0], len(given), places=True))]

    def _run_whole(self, step: Step) -> Sequence[Tensor]:
        if reshapes(step):
            shape = self._shape(step.outputs[0], self.size, places=False)
            return [self._whole(step.inputs[0]).reshape(shape)]
        return _called(step, lambda ref: self._whole(ref.index))

    def _shape(self, index: int, count: int, *, places: bool) -> list[int]:
        """Return the shape of a value for a number of images, or of single places."""
        value = self.forward.trace.values[index]
        shape = list(value.base.shape)
        shape[max(value.axes.find("n"), 0)] = count
        if places:
            shape[value.axes.index("y")] = shape[value.axes.index("x")] = 1
        return shape

    def _within(self, index: int, region: Region) -> Tensor:
        """Return a value at the places of a region that contains the value's own."""
        part = self.parts[index]
        if part.region is region:
            return part.tensor
        rows = self._read(index, region.kept, (id(region),))
        return rows.view(self._shape(index, len(rows), places=True))

    def _whole(self, index: int) -> Tensor:
        """Return a value over its whole map."""
        part = self.parts[index]
        if part.region is None:
            return part.tensor
        if index in self._wholes:
            return self._wholes[index]
        store = self.forward.store(index)
        rows = self._read(index, whole_maps(part.region), ())
        sides = part.region.rows.side, part.region.columns.side
        tensor = rows.view(self.size, *sides, *store.rest).permute(store.back)
        self._wholes[index] = tensor
        return tensor

    def _read(
        self, index: int, wanted: Rectangles, key: tuple[object, ...], fill: float = 0.0
    ) -> Tensor:
        """Return rows of a value: its changed part, the base map around it, padding.

        Args:
            index: of the value.
            wanted: positions to read.
            key: distinguishes ``wanted`` from others of this batch.
            fill: value of the padding.
        """
        part, store = self.parts[index], self.forward.store(index)
        if part.region is None:
            raise TypeError("the whole is there: nothing is to be read around it")
        store.hold(part)
        key = id(part.region), *key, fill
        if key not in self._indices:
            places = gather_index(
                part.region, wanted, _FILLS.index(fill), len(_FILLS), store.parts
            )
            self._indices[key] = torch.from_numpy(places).to(part.tensor.device)
        return store.read(self._indices[key])


def _starts(sizes: Sequence[int]) -> list[int]:
    """Return the start offsets of concatenated lists of these sizes."""
    return [sum(sizes[:at]) for at in range(len(sizes))]


def _images(rows: Tensor, count: int, height: int, width: int) -> Tensor:
    """View rows, one for each place, as images (N, C, H, W), channels innermost."""
    return rows.view(count, height, width, -1).permute(0, 3, 1, 2)


def _rows(images: Tensor) -> Tensor:
    """Flatten images (N, C, H, W) to single places, (places, C, 1, 1)."""
    return images.permute(0, 2, 3, 1).reshape(-1, images.shape[1], 1, 1)


def _called(step: Step, change: Callable[[Ref], Tensor]) -> Sequence[Tensor]:
    """Call an operation of the trace with substituted tensors."""
    output = step.function(
        **{name: substitute(value, change) for name, value in step.args.items()}
    )
    return [output] if isinstance(output, Tensor) else output
