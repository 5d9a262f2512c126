"""Loss landscape of the loaded network along two filter-normalized directions.

Li et al. 2018 (arXiv:1712.09913), section 4: random directions, each filter scaled to
the norm of the network's own filter; biases and normalization layers are fixed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nnviz.base.info import Reference, Task, lesson
from nnviz.base.kinds.planes import Plane, PlanePoints, PlaneRegion
from nnviz.base.parameters import Essential, Help, ImageFolder, Range, Title
from nnviz.base.results import Curves, Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.targets.resolve import label, probabilities

Numbers = NDArray[np.float64]
Direction = Mapping[str, Tensor]
_CONTOURS = 12
_SHOW_EVERY = 8
"""Points after which the plane is updated."""
_LEAST = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class LossPlaneParams:
    """Parameters: the plane's span and resolution, and the images."""

    span: Annotated[
        float,
        Range(0.05, 2, log=True),
        Essential(),
        Help(
            "Distance along each direction; at 1 the change is as long as the "
            "weights themselves."
        ),
    ] = 0.5
    halvings: Annotated[
        int,
        Range(1, 5),
        Essential(),
        Title("Fineness"),
        Help(
            "Number of times that the grid spacing is halved: 4 times gives 17 × 17 "
            "points."
        ),
    ] = 4
    folder: Annotated[
        ImageFolder,
        Essential(),
        Help("Folder of more images to average the loss over. Empty: none."),
    ] = ""
    count: Annotated[
        int,
        Essential(),
        Range(1, 64),
        Title("Images"),
        Help("Maximum number of images from the folder."),
    ] = 8


class Shifted(nn.Module):
    """A network evaluated with substituted parameters; its own stay unchanged."""

    def __init__(self, net: nn.Module, parameters: Mapping[str, Tensor]) -> None:
        """Wrap a network.

        Args:
            net: unchanged.
            parameters: replace its own, by name.
        """
        super().__init__()
        self._wrapped = (net,)  # a tuple: its parameters are not this module's
        self._shifted = dict(parameters)

    def forward(self, x: Tensor) -> Any:
        """Return the network's output with the substituted parameters."""
        return torch.func.functional_call(self._wrapped[0], self._shifted, (x,))


@register(
    "loss_plane",
    title="Loss landscape of the network",
    group="Learn",
    live=False,
    tasks=(Task.CLASSIFY,),
    reference=Reference("Li et al. 2018", "arXiv:1712.09913"),
    capabilities=lesson("Gradient descent", 5),
)
class LossPlane:
    """Lesson: the loss landscape around the network's own weights."""

    Params: ClassVar[type] = LossPlaneParams
    shows: ClassVar[str] = (
        "The loss of the open network on the image as its weights are moved along "
        "two random directions. Each filter is moved by a fraction of its own "
        "length."
    )
    reading: ClassVar[str] = (
        "The mark is the network as it is. A wide, round valley means that the "
        "weights may change without harm; networks with skip connections tend to "
        "have one, deep networks without them a rugged surface."
    )
    misleads: ClassVar[str] = (
        "The right class is the one that the network itself predicts. Two "
        "directions of millions are shown, and on few images: another seed gives "
        "another plane."
    )
    presets: ClassVar[Presets] = {
        "demo": {"halvings": 1},
        "far": {"span": 1.0},
    }

    def run(self, ctx: Context, params: LossPlaneParams) -> Iterator[Report]:
        """Yield the plane at increasing resolution."""
        pixels = _images(ctx, params)
        directions = [draw_direction(ctx.model.net, ctx.generator) for _ in range(2)]
        loss_at = _LossAt(ctx, pixels, directions)
        side = 2**params.halvings + 1
        losses = np.full((side, side), np.nan)
        total = side * side
        places = places_coarse_to_fine(params.halvings)
        for done, (row, column) in enumerate(places, 1):
            x, y = (
                params.span * (2 * place / (side - 1) - 1)
                for place in (column, side - 1 - row)
            )
            losses[row, column] = loss_at(x, y)
            ctx.step(done, total, noun="place")
            if done % _SHOW_EVERY == 0 or done == total:
                yield _report(params, losses, loss_at)


class _LossAt:
    """Mean cross-entropy of a shifted network against the original's predictions."""

    def __init__(
        self, ctx: Context, pixels: Sequence[Tensor], directions: Sequence[Direction]
    ) -> None:
        self._ctx, self._pixels, self._directions = ctx, pixels, directions
        outputs = [self._probabilities(ctx.model.net, each) for each in pixels]
        self._classes = [each.argmax(1) for each in outputs]
        first = int(self._classes[0][0])
        self.said = label(ctx.model.info, first)
        self.images = sum(len(each) for each in pixels)

    def __call__(self, x: float, y: float) -> float:
        """Return the loss with the weights shifted by x and y."""
        moved = _moved(self._ctx.model.net, self._directions, (x, y))
        total = 0.0
        for pixels, classes in zip(self._pixels, self._classes, strict=True):
            shares = self._probabilities(moved, pixels)
            right = shares.gather(1, classes[:, None]).double()
            total -= float(right.clamp_min(_LEAST).log().nan_to_num(-27.6).sum())
        return total / self.images

    def _probabilities(self, net: nn.Module, pixels: Tensor) -> Tensor:
        model = self._ctx.model.pixel_model(self._ctx.check, net)
        scores = model.outputs(pixels.to(self._ctx.model.device))[0]
        return probabilities(scores, self._ctx.model.info)


def _images(ctx: Context, params: LossPlaneParams) -> list[Tensor]:
    """Return the image, and the folder's images, as batches of pixels."""
    found = [ctx.pixels]
    if params.folder:
        height, width = ctx.pixels.shape[2:]
        learned, held_out = ctx.files.folder(
            params.folder, params.count, (height, width)
        )
        found += [each[None] for each in (*learned, *held_out)]
    return found


def draw_direction(net: nn.Module, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw a filter-normalized random direction.

    Args:
        net: its weights of two or more axes are perturbed; each index of the first axis
            is a filter.
        generator: on the CPU.
    """
    found = {}
    for name, weights in net.named_parameters():
        if weights.dim() > 1 and weights.is_floating_point():
            noise = torch.randn(weights.shape, generator=generator).to(weights)
            axes = tuple(range(1, weights.dim()))
            lengths = torch.linalg.vector_norm(weights.detach(), dim=axes, keepdim=True)
            found[name] = (
                noise
                * lengths
                / torch.linalg.vector_norm(noise, dim=axes, keepdim=True)
            )
    return found


def _moved(
    net: nn.Module, directions: Sequence[Direction], by: tuple[float, float]
) -> Shifted:
    first, second = directions
    own = dict(net.named_parameters())
    x, y = by
    return Shifted(
        net, {name: own[name].detach() + x * first[name] + y * second[name]
              for name in first},
    )  # fmt: skip


def places_coarse_to_fine(halvings: int) -> list[tuple[int, int]]:
    """Return row and column of each grid point, coarser grids first."""
    side = 2**halvings + 1
    found: dict[tuple[int, int], None] = {}
    for level in range(halvings + 1):
        step = 2 ** (halvings - level)
        found |= {
            (row, column): None
            for row in range(0, side, step)
            for column in range(0, side, step)
        }
    return list(found)


def fill_gaps(losses: Numbers) -> Numbers:
    """Fill the unknown grid points with the nearest known value."""
    known = np.argwhere(np.isfinite(losses))
    rows, columns = np.indices(losses.shape)
    places = np.stack([rows.ravel(), columns.ravel()], axis=1)
    gaps = np.square(places[:, None] - known[None]).sum(axis=-1)
    nearest = known[gaps.argmin(axis=1)]
    return np.asarray(losses[tuple(nearest.T)].reshape(losses.shape), np.float64)


def _report(params: LossPlaneParams, losses: Numbers, loss_at: _LossAt) -> Report:
    filled = fill_gaps(losses)
    low, high = float(filled.min()), float(filled.max())
    complete = bool(np.isfinite(losses).all())
    levels = np.linspace(low, high, _CONTOURS + 2)[1:-1] if complete else ()
    contours = tuple(float(each) for each in levels) if high > low else ()
    results = {
        "loss": _plane(filled, params.span, contours),
        "cuts": _cuts(filled, params.span),
    }
    middle = len(filled) // 2
    images = "image" if loss_at.images == 1 else "images"
    notes = (
        f"loss here {amount(float(filled[middle, middle]), 3)}",
        f"on this plane {amount(low, 3)} to {amount(high, 3)}",
        f"{loss_at.images} {images}, the first taken for {loss_at.said}",
    )
    return Report(results, notes)


def _plane(values: Numbers, span: float, contours: tuple[float, ...]) -> Plane:
    return Plane(
        x_range=(-span, span),
        y_range=(-span, span),
        x_label="along the first direction",
        y_label="along the second direction",
        region=PlaneRegion(
            values=values, kind="height", contours=contours, unit="cross-entropy, nats"
        ),
        points=(PlanePoints(places=np.zeros((1, 2)), name="network", marker="star"),),
        equal=True,
    )


def _cuts(values: Numbers, span: float) -> Curves:
    """Return the loss curves along each direction through the center."""
    middle = len(values) // 2
    return Curves(
        x=np.linspace(-span, span, len(values)),
        series={
            "first direction": values[middle].copy(),
            "second direction": values[::-1, middle].copy(),
        },
        x_label="fraction of the weights' length",
        y_label="cross-entropy, nats",
    )
