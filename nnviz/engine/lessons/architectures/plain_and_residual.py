"""Plain against residual: signal and gradient through untrained deep networks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from nnviz.base.info import Reference, lesson
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Curves, Report, Result
from nnviz.engine.method import Context, Presets, register

_WIDTH, _SIDE, _BATCH = 16, 12, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainAndResidualParams:
    """Parameters: depth of the networks, and gain of their initial weights."""

    depth: Annotated[
        int, Range(2, 110), Essential(), Help("Layers, 3 × 3 convolutions and ReLU.")
    ] = 56
    gain: Annotated[
        float,
        Range(0.2, 2),
        Essential(),
        Help("Scale of the first weights; 1 is He's initialization."),
    ] = 0.8


@register(
    "plain_and_residual",
    title="Plain versus residual networks",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    reference=Reference("He et al. 2015", "arXiv:1512.03385"),
    capabilities=lesson("Architectures", 4),
)
class PlainAndResidual:
    """Lesson: norms of signal and gradient at each layer, with and without skips."""

    Params: ClassVar[type] = PlainAndResidualParams
    shows: ClassVar[str] = (
        "Two untrained networks of the same depth, one with a skip connection "
        "around each pair of layers: how large the signal is at each layer, and the "
        "gradient that comes back."
    )
    reading: ClassVar[str] = (
        "Where the gradient of the plain network has shrunk by many powers of ten, its "
        "first layers learn nothing. The skip H(x) = F(x) + x lets it pass."
    )
    misleads: ClassVar[str] = (
        "Batch norm and a careful initialization also solve much of this; He et al. "
        "found plain networks worse although their gradients had healthy norms."
    )
    presets: ClassVar[Presets] = {
        "demo": {"depth": 8},
        "exploding": {"gain": 1.3},
    }

    def run(self, ctx: Context, params: PlainAndResidualParams) -> Iterator[Report]:
        """Yield one report: gradients and signals by layer, as powers of ten."""
        weights = first_weights(params.depth, params.gain, ctx.generator)
        image = torch.randn(_BATCH, _WIDTH, _SIDE, _SIDE, generator=ctx.generator)
        plain = norms_by_layer(weights, image, residual=False)
        ctx.check()
        residual = norms_by_layer(weights, image, residual=True)
        results: dict[str, Result] = {
            "gradient": _curves(plain[1], residual[1], "norm of the gradient"),
            "signal": _curves(plain[0], residual[0], "norm of the signal"),
        }
        loss = np.log10(plain[1][-1] / plain[1][0])
        note = f"plain: the gradient changes by 10^{-loss:.1f} on its way back"
        yield Report(results, (f"{params.depth} layers", note))


def first_weights(depth: int, gain: float, generator: torch.Generator) -> list[Tensor]:
    """Draw kernels by He et al. 2015: deviation √(2 / inputs), times a gain."""
    deviation = gain * (2 / (9 * _WIDTH)) ** 0.5
    return [
        deviation * torch.randn(_WIDTH, _WIDTH, 3, 3, generator=generator)
        for _ in range(depth)
    ]


def _signals(weights: list[Tensor], x: Tensor, *, residual: bool) -> list[Tensor]:
    """Return the signal after each layer of convolution and ReLU."""
    signals: list[Tensor] = []
    skip = x
    for number, kernel in enumerate(weights):
        x = nn.functional.conv2d(x, kernel, padding=1)
        if residual and number % 2:
            x = x + skip
        x = x.relu()
        skip = x if number % 2 else skip
        signals.append(x)
    return signals


def norms_by_layer(
    weights: list[Tensor], image: Tensor, *, residual: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the norms of the signal after each layer, and of its gradient.

    Args:
        weights: a kernel for each layer.
        image: (N, C, H, W).
        residual: whether to add the input of each pair of layers to its output.

    Returns:
        Two of float64 (depth,), relative to the first signal and the last gradient.
    """
    # In single precision a hundred layers leave the range of the numbers.
    kernels, image = [each.double() for each in weights], image.double()
    with torch.enable_grad():
        signals = _signals(kernels, image.requires_grad_(), residual=residual)
        last = signals[-1].detach()
        # The gradient of the mean square but for a factor, which divides out.
        gradients = torch.autograd.grad(signals[-1], signals, last / last.norm())
    forward = np.array([float(each.detach().norm()) for each in signals])
    backward = np.array([float(each.norm()) for each in gradients])
    return forward / forward[0], backward / backward[-1]


def _curves(plain: np.ndarray, residual: np.ndarray, what: str) -> Curves:
    return Curves(
        x=np.arange(1.0, len(plain) + 1),
        series={
            "plain": np.log10(plain),
            "residual": np.log10(residual),
        },
        x_label="layer",
        y_label=f"{what}, log10",
    )
