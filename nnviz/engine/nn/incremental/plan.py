"""Plan of an incremental pass: the region of each map that can change."""

from dataclasses import dataclass, field
from functools import reduce
from typing import Literal

from nnviz.engine.nn.incremental.regions import Region, keep
from nnviz.engine.nn.incremental.rules import (
    SlidingRule,
    keeps_places,
    reshapes,
    sliding_rule,
)
from nnviz.engine.nn.incremental.trace import ForwardTrace, Step

_WHOLE = 0.95
"""Fraction of the maps above which they are computed in full."""
_CALL_COST = 5e6
"""Of one call of a convolution, in multiply-accumulates: about 0.05 ms."""
_WEIGHT_COST = 40
"""Of each weight of a call, in multiply-accumulates: weights are repacked each time."""

Rule = SlidingRule | Literal["places", "reshape", "whole"]
"""How an operation is run on parts of its maps; "whole": it is not."""


def rule_of(step: Step, trace: ForwardTrace) -> Rule:
    """Return the rule by which an operation runs on parts of its maps."""
    if keeps_places(step, trace):
        return "reshape" if reshapes(step) else "places"
    return sliding_rule(step, trace) or "whole"


@dataclass(slots=True, eq=False)
class Plan:
    """The region of each value of a trace that can change; None for all of it.

    Regions with the same derivation are one object.
    """

    regions: dict[int, Region | None]
    _made: dict[tuple[object, ...], Region] = field(default_factory=dict)

    def joined(self, first: Region, second: Region) -> Region:
        """Return the hull of two regions, cached."""
        if first is second:
            return first
        key = "joined", id(first), id(second)
        if key not in self._made:
            self._made[key] = first.joined(second)
        return self._made[key]

    def slid(self, region: Region, rule: SlidingRule, sides: tuple[int, int]) -> Region:
        """Return the region of a sliding window's output that can change."""
        if rule.pointwise:
            return region
        key = id(region), rule.rows, rule.columns, rule.cost, rule.weight, sides
        if key not in self._made:
            rows = region.rows.slid(rule.rows, sides[0])
            columns = region.columns.slid(rule.columns, sides[1])
            group_cost = _CALL_COST + _WEIGHT_COST * rule.weight
            self._made[key] = keep(rows, columns, rule.cost, group_cost)
        return self._made[key]


def plan_regions(trace: ForwardTrace, rules: list[Rule], changed: Region) -> Plan:
    """Return the region of each value that can change with a region of the image."""
    plan = Plan({0: changed})
    for step, rule in zip(trace.steps, rules, strict=True):
        region = _region(plan, step, rule, trace)
        plan.regions.update(dict.fromkeys(step.outputs, region))
    return plan


def _region(plan: Plan, step: Step, rule: Rule, trace: ForwardTrace) -> Region | None:
    regions = [plan.regions[index] for index in step.inputs]
    found = [region for region in regions if region is not None]
    if rule == "whole" or len(found) < len(regions):
        return None
    region = reduce(plan.joined, found)
    if isinstance(rule, SlidingRule):
        after = trace.values[step.outputs[0]].base
        region = plan.slid(region, rule, (after.shape[2], after.shape[3]))
    return region if region.fraction < _WHOLE else None
