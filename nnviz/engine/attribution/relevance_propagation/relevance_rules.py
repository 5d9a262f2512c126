"""Rules of layer-wise relevance propagation (Bach et al. 2015, Montavon et al. 2019).

Relevance is propagated back through a linear layer in proportion to each input's
contribution to each output.  A rule defines which parts of inputs and weights count,
and how.  Here a rule returns a substitute for the gradient: times the input it is the
relevance, so that sums, shortcuts and poolings need no rule of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Apply = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""A linear layer as a function of an input, weights and biases."""
STABILIZER = 1e-6
Part = Literal["positive", "negative"]
Weigh = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a layer's output.

    Attributes:
        part: of the input.
        weigh: transforms the weights.
        bias: whether the transformed bias belongs to the term.
        group: terms of one group divide its relevance among them.
    """

    part: Part
    weigh: Weigh
    bias: bool
    group: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of propagation.

    Attributes:
        terms: those that divide the relevance; empty for the epsilon rule.
        shares: of each group; None where the output's sign chooses between two groups.
        epsilon: added to the denominator.
    """

    terms: tuple[Term, ...] = ()
    shares: tuple[float, ...] | None = (1.0,)
    epsilon: float = STABILIZER


def epsilon_rule(epsilon: float) -> Rule:
    """Return LRP-epsilon: all inputs share; small outputs pass on less."""
    return Rule(epsilon=epsilon)


def gamma_rule(gamma: float) -> Rule:
    """Return LRP-gamma in the generalized form for inputs of either sign."""

    def up(w: Tensor) -> Tensor:
        return w + gamma * w.clamp(min=0)

    def down(w: Tensor) -> Tensor:
        return w + gamma * w.clamp(max=0)

    terms = (
        Term("positive", up, bias=True, group=0),
        Term("negative", down, bias=False, group=0),
        Term("positive", down, bias=True, group=1),
        Term("negative", up, bias=False, group=1),
    )
    return Rule(terms, None)


def alpha_beta_rule(alpha: float, beta: float) -> Rule:
    """Return LRP-alpha-beta: positive parts share alpha, negative parts minus beta."""

    def rising(w: Tensor) -> Tensor:
        return w.clamp(min=0)

    def falling(w: Tensor) -> Tensor:
        return w.clamp(max=0)

    terms = (
        Term("positive", rising, bias=True, group=0),
        Term("negative", falling, bias=False, group=0),
        Term("positive", falling, bias=True, group=1),
        Term("negative", rising, bias=False, group=1),
    )
    return Rule(terms, (alpha, -beta)) if beta else Rule(terms[:2], (alpha,))


def z_plus_rule() -> Rule:
    """Return LRP-z-plus: only positive parts share."""
    return alpha_beta_rule(1.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class LinearCall:
    """A call of a linear layer.

    Attributes:
        apply: the layer.
        given: its input.
        weight: of the layer.
        bias: of the layer.
        output: of the call.
    """

    apply: Apply
    given: Tensor
    weight: Tensor
    bias: Tensor | None
    output: Tensor


def share_out(rule: Rule, call: LinearCall, relevance: Tensor) -> Tensor:
    """Return the substitute for the gradient at a layer's input.

    Args:
        rule: of the layer.
        call: of the layer.
        relevance: of its output.
    """
    if not rule.terms:
        signal = relevance / stabilized(call.output, rule.epsilon)
        return _back(call, call.given, call.weight, signal)
    parts = [_part(term, call) for term in rule.terms]
    outputs = [call.apply(*part) for part in parts]
    signals = _signals(rule, call.output, outputs, relevance)
    total = torch.zeros_like(call.given)
    for term, part, signal in zip(rule.terms, parts, signals, strict=True):
        mine = call.given > 0 if term.part == "positive" else call.given < 0
        total = total + torch.where(mine, _back(call, part[0], part[1], signal), 0)
    return total


def share_out_box(
    call: LinearCall, relevance: Tensor, low: Tensor, high: Tensor
) -> Tensor:
    """Return the relevance of a first layer's input, by the box rule (z-B).

    Montavon et al. 2017, arXiv:1512.02479, section 4.1: pixels are bounded, and count
    by their distance from the bounds.

    Args:
        call: of the layer; its input is the normalized image.
        relevance: of its output.
        low: lower bound of the input, of its shape.
        high: upper bound, likewise.
    """
    up, down = call.weight.clamp(min=0), call.weight.clamp(max=0)
    below, above = (None if call.bias is None else call.bias.clamp(**limits)
                    for limits in ({"min": 0.0}, {"max": 0.0}))  # fmt: skip
    output = call.output - call.apply(low, up, below) - call.apply(high, down, above)
    signal = relevance / stabilized(output, STABILIZER)
    return (
        call.given * _back(call, call.given, call.weight, signal)
        - low * _back(call, low, up, signal)
        - high * _back(call, high, down, signal)
    )


def stabilized(values: Tensor, epsilon: float) -> Tensor:
    """Return values shifted away from zero by epsilon; zero counts as positive."""
    return values + epsilon * torch.where(values >= 0, 1.0, -1.0).to(values)


def _part(term: Term, call: LinearCall) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return the input, weights and bias of one term of a rule."""
    positive = term.part == "positive"
    given = call.given.clamp(min=0) if positive else call.given.clamp(max=0)
    bias = term.weigh(call.bias) if term.bias and call.bias is not None else None
    return given, term.weigh(call.weight), bias


def _back(call: LinearCall, given: Tensor, weight: Tensor, signal: Tensor) -> Tensor:
    """Backpropagate a signal through the layer with other weights."""
    with torch.enable_grad():
        leaf = given.detach().requires_grad_()
        output = call.apply(leaf, weight, None)
    (found,) = torch.autograd.grad(output, leaf, signal)
    return found


def _signals(
    rule: Rule, output: Tensor, outputs: Sequence[Tensor], relevance: Tensor
) -> list[Tensor]:
    """Return the signal of each part: its group's relevance over its group's output."""
    sums: dict[int, Tensor] = {}
    for term, each in zip(rule.terms, outputs, strict=True):
        sums[term.group] = sums[term.group] + each if term.group in sums else each
    if rule.shares is None:  # the sign of the output chooses the group
        parts = {0: relevance * (output > 0), 1: relevance * (output < 0)}
    else:
        parts = {n: share * relevance for n, share in enumerate(rule.shares)}
    by_group = {
        group: parts[group] / stabilized(total, rule.epsilon)
        for group, total in sums.items()
    }
    return [by_group[term.group] for term in rule.terms]
