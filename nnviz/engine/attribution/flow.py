"""Layer conductance: a score's flow through a layer (arXiv:1805.12233, section 2)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.base.errors import UsageError
from nnviz.base.info import LayerInfo
from nnviz.engine.context import Context
from nnviz.engine.nn.feature_maps import channels_of, maps_of
from nnviz.engine.targets.layer_gradients import kept_layers
from nnviz.engine.targets.resolve import Scorer


@dataclass(frozen=True, slots=True, eq=False)
class LayerFlow:
    """The conductance of one layer along a straight path from a baseline to the image.

    Attributes:
        ctx: network and image.
        score: of images.
        layer: the layer that the score flows through.
        start: the baseline, (1, C, H, W).
        steps: of the path.
    """

    ctx: Context
    score: Scorer
    layer: LayerInfo
    start: Tensor
    steps: int

    def start_score(self) -> float:
        """Return the baseline's score."""
        with torch.no_grad():
            return float(self.score(self.start))

    def of(self, part: slice, channel: int) -> Tensor:
        """Return the conductance summed over some steps, float64 in main memory.

        Args:
            part: of the steps.
            channel: of the layer; below 0 for all.

        Returns:
            For all channels their sum (h, w); for one channel (C, H, W) over the
            pixels.

        Raises:
            UsageError: the layer has no such channel.
        """
        last = channels_of(self.layer) - 1
        if channel > last:
            raise UsageError(
                "--channel", f"{self.layer.name} has the channels 0 to {last}"
            )
        if channel < 0:
            return self._through_layer(part)
        return self._through(channel, part)

    def _points(self, at: Tensor) -> Tensor:
        shares = at.to(self.start)[:, None, None, None]
        return self.start + shares * (self.ctx.pixels - self.start)

    def _through_layer(self, part: slice) -> Tensor:
        """Return the sum over all channels, slopes times changes (trapezoid rule)."""
        ends = torch.arange(part.start, part.stop + 1) / self.steps
        values, slopes, _ = self._pass(self._points(ends))
        values, slopes = (
            maps_of(each.detach(), self.layer).double().cpu()
            for each in (values, slopes)
        )
        changes = values[1:] - values[:-1]
        means = (slopes[1:] + slopes[:-1]) / 2
        return (changes * means).sum((0, 1))

    def _through(self, channel: int, part: slice) -> Tensor:
        """Return one channel's conductance by pixel (equation 2, midpoint rule)."""
        middles = (torch.arange(part.start, part.stop) + 0.5) / self.steps
        points = self._points(middles).requires_grad_()
        values, slopes, graph = self._pass(points)
        chosen = maps_of(values, self.layer)[:, channel]
        weights = maps_of(slopes, self.layer)[:, channel].detach()
        with torch.enable_grad():
            passed = (chosen * weights).sum()
            (found,) = torch.autograd.grad(passed, graph)
        change = (self.ctx.pixels - self.start)[0].double()
        return (found.double().sum(0) * change / self.steps).cpu()

    def _pass(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the layer's output, the score's gradient there, and the points."""
        kept: dict[str, Tensor] = {}
        net = self.ctx.model.net
        with kept_layers(net, (self.layer,), kept), torch.enable_grad():
            scores = self.score(points)
            values = kept[self.layer.name]
            (slopes,) = torch.autograd.grad(
                scores.sum(), values, retain_graph=points.requires_grad
            )
        return values, slopes, points
