"""Trial passes on noise: detect randomness, state and coupling within a batch.

A network's own code may draw random numbers in eval mode (functional dropout that is
always on, drop path, noise), keep state between passes (a counter) or normalize over
the batch (``F.batch_norm(training=True)``).  Values reveal this, shapes do not.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nnviz.base.errors import OutOfMemoryError
from nnviz.engine.compute import memory
from nnviz.engine.nn.shapes.calls import tensors_in
from nnviz.engine.nn.shapes.meta import Shapes
from nnviz.engine.nn.shapes.tracer import meta_twin, noise_input, sharing_twin

_SAME = 1e-3
"""Largest difference, as a fraction of the largest value, that rounding explains."""
_SEEDS = (1, 2)


@dataclass(frozen=True, slots=True)
class Trials:
    """Findings of a few trial passes on noise.

    Attributes:
        random: two passes with different seeds differ.
        stateful: two passes with the same seed differ.
        coupled: an image's output depends on the other images of its batch.
        gradients: whether gradients reach the image.
        output: the first output for two images of noise, detached; None where the
            network takes one image at a time, or gives no tensor.
    """

    random: bool = False
    stateful: bool = False
    coupled: bool = False
    gradients: bool = True
    output: Tensor | None = None


@torch.no_grad()
def try_passes(
    net: nn.Module, channels: int, size: tuple[int, int], check: Callable[[], None]
) -> Trials:
    """Run a network on noise with different seeds, one image and two at a time.

    Args:
        net: left untouched; its passes run on copies that share the weights.
        channels: of its input.
        size: of its input, px.
        check: called before each pass; raises to stop.
    """
    noise = noise_input(net, channels, size)
    first = _Passes(net, check)
    one, again = (first.run(noise, _SEEDS[0]) for _ in range(2))
    other = _Passes(net, check).run(noise, _SEEDS[1])
    if one is None or other is None or again is None:
        return Trials()
    random = not alike(one, other)
    stateful = not alike(one, again)
    darker = 0.5 * noise.flip(3)
    pair = _Passes(net, check).run(torch.cat([noise, darker]), _SEEDS[0])
    alone = [one, _Passes(net, check).run(darker, _SEEDS[0])]
    coupled = not (random or stateful) and _coupled(pair, alone)
    output = pair[0] if pair else None
    gradients = _gives_gradients(net, noise, check)
    return Trials(random, stateful, coupled, gradients, output)


def _gives_gradients(net: nn.Module, noise: Tensor, check: Callable[[], None]) -> bool:
    """Tell whether the gradient of an output reaches the input.

    Without data first: what a graph keeps may be as large as the weights.
    """
    check()
    found: list[bool] = []
    with Shapes():  # type: ignore[no-untyped-call]
        memory.refusal(lambda: found.append(_reaches(meta_twin(net), noise.to("meta"))))
    if found:
        return found[0]

    check()
    generators = torch.random.fork_rng([noise.device] if noise.is_cuda else [])
    words = memory.in_words("a trial pass")
    with generators, suppress(OutOfMemoryError), words:
        memory.refusal(lambda: found.append(_reaches(sharing_twin(net), noise.clone())))
    return found == [True]


def _reaches(net: nn.Module, x: Tensor) -> bool:
    """Tell whether the gradient of an output reaches an input.

    Raises:
        RuntimeError: the network refuses the input, or the gradient.
    """
    leaf = x.requires_grad_()
    with torch.enable_grad():
        outputs = [each for each in tensors_in(net(leaf)) if each.requires_grad]
        (gradient,) = torch.autograd.grad(
            [each.sum() for each in outputs], leaf, allow_unused=True
        )
    return gradient is not None


def _coupled(
    pair: tuple[Tensor, ...] | None, alone: list[tuple[Tensor, ...] | None]
) -> bool:
    """Tell whether a batch of two gives other outputs than its images one by one."""
    one, other = alone
    if pair is None or one is None or other is None:
        return False
    if any(len(each) != len(alone) for each in pair):
        return False
    joined = [torch.cat(parts) for parts in zip(one, other, strict=True)]
    return not alike(pair, tuple(joined))


def alike(
    given: tuple[Tensor, ...] | None,
    expected: tuple[Tensor, ...] | None,
    *,
    in_any_order: bool = False,
) -> bool:
    """Tell whether outputs are equal up to rounding.

    Args:
        given: outputs of a pass.
        expected: outputs of another one.
        in_any_order: compare the values of each tensor sorted: rounding can change the
            order of a detector's proposals.
    """
    if given is None or expected is None or len(given) != len(expected):
        return False
    return all(
        _close(one, other, in_any_order=in_any_order)
        for one, other in zip(given, expected, strict=True)
    )


def _close(given: Tensor, expected: Tensor, *, in_any_order: bool) -> bool:
    if given.shape != expected.shape:
        return False
    if not expected.numel():
        return True
    given, expected = given.double(), expected.double()
    if in_any_order:
        given, expected = given.flatten().sort()[0], expected.flatten().sort()[0]
    finite = expected.isfinite()
    if not torch.equal(finite, given.isfinite()):
        return False
    worst = (given - expected)[finite].abs().amax() if bool(finite.any()) else 0.0
    largest = expected[finite].abs().amax() if bool(finite.any()) else 0.0
    return bool(worst <= _SAME * largest)


class _Passes:
    """Passes through one copy of a network; its state persists between them."""

    def __init__(self, net: nn.Module, check: Callable[[], None]) -> None:
        self._net = sharing_twin(net)
        self._check = check

    def run(self, x: Tensor, seed: int) -> tuple[Tensor, ...] | None:
        """Return the outputs of a pass; None if the pass fails."""
        self._check()
        found: list[tuple[Tensor, ...]] = []

        def trial() -> None:
            given = tensors_in(self._net(x))
            # Subclasses of tensors may refuse to be joined and compared.
            found.append(tuple(each.as_subclass(Tensor).clone() for each in given))

        with torch.random.fork_rng([x.device] if x.is_cuda else []):
            torch.manual_seed(seed)  # noqa: TID251 -- a fork: put back behind it
            with suppress(OutOfMemoryError), memory.in_words("a trial pass"):
                memory.refusal(trial)
        return found[0] if found else None


def agrees(
    net: nn.Module,
    other: nn.Module,
    x: Tensor,
    check: Callable[[], None],
    *,
    in_any_order: bool = False,
) -> bool:
    """Tell whether two networks give the same output up to rounding.

    Args:
        net: the network; its pass runs on a copy of its state.
        other: another form of it; it gets ``x`` with channels innermost.
        x: input of both, (N, C, H, W).
        check: called before each pass; raises to stop.
        in_any_order: see ``alike``.
    """
    expected = _Passes(net, check).run(x, _SEEDS[0])
    inner = x.contiguous(memory_format=torch.channels_last)
    given = _Passes(other, check).run(inner, _SEEDS[0])
    return alike(given, expected, in_any_order=in_any_order)
