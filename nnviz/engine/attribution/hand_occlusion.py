"""Occlusion by hand: repeated predictions with different parts hidden.

The image's own feature maps are kept, so that only values that a hidden part can affect
are recomputed.
"""

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nnviz.base.explanations.occluder import Fill, Occluded
from nnviz.base.info import Task
from nnviz.base.notation.targets import ClassTarget
from nnviz.base.results import Ranking
from nnviz.engine.attribution.baselines import Baseline, baseline
from nnviz.engine.imaging.input_masks import mask_on_input
from nnviz.engine.inference import Inference
from nnviz.engine.nn.incremental.forward import IncrementalForward
from nnviz.engine.nn.incremental.trace import UnfollowableError
from nnviz.engine.nn.incremental.verify import verified_forward
from nnviz.engine.nn.pixel_model import PixelModel, is_channels_last
from nnviz.engine.targets.resolve import Scorer, label
from nnviz.media.fills.inpaint import inpaint_mask

_GRAY = 0.5
_BLUR = 12
"""The image's shorter side over the standard deviation of the blur that hides a
part."""
_SHARE = 4
"""The image's side over that of a rectangle on which the incremental pass is
verified."""
_WORTHWHILE = 0.85
"""Fraction of a full pass's work above which a full pass is as fast."""
_ROWS = 5


class HandOcclusion:
    """One image, network and target, prepared for hiding parts of the image.

    Args:
        inference: the network and the image.
        target: the target to be explained.
    """

    def __init__(self, inference: Inference, target: str) -> None:
        model = inference.model
        self._inference, self._model = inference, model
        asked = _probability(inference, target)
        self._target = inference.target(asked).target
        net = model.net if self._target.layer else inference.twin()
        picture = model.normalizer(inference.pixels)
        if is_channels_last(net):
            picture = picture.contiguous(memory_format=torch.channels_last)
        passes = PixelModel(
            net=net, normalizer=nn.Identity(), check=inference.check, alone=True
        )
        self._score = Scorer(passes, self._target)
        self._picture = picture
        self._covers: dict[Fill, Tensor] = {}
        self._forward = self._incremental()
        with torch.no_grad():
            self._before = self._score.output(picture)

    def hide(self, mask: NDArray[np.uint8], fill: Fill) -> Occluded:
        """Return the network's answer with part of the image hidden.

        Args:
            mask: uint8 (h, w) over the image; nonzero pixels are hidden.
            fill: replaces the hidden pixels.
        """
        inside = mask_on_input(mask, self._inference.placement)
        box = _box(inside)
        if box is None:
            output, incremental = self._before, True
        else:
            hidden = torch.from_numpy(inside).to(self._picture.device)
            cover = self._cover(fill, inside)
            output, incremental = self._output(box, hidden, cover)
        score, before = map(self._score_of, (output, self._before))
        return Occluded(
            score=score,
            before=before,
            words=self._target.words,
            unit=self._target.unit,
            ranking=self._ranking(output),
            share=float(inside.mean()),
            incremental=incremental,
        )

    def _incremental(self) -> IncrementalForward | None:
        height, width = self._picture.shape[2:]
        size = max(1, height // _SHARE), max(1, width // _SHARE)
        try:
            return verified_forward(
                self._score.output, self._picture, size, self._inference.check
            )
        except UnfollowableError:
            return None

    def _output(
        self, box: tuple[slice, slice], hidden: Tensor, cover: Tensor
    ) -> tuple[Any, bool]:
        """Return the network's output, and whether it was computed incrementally."""
        rows, columns = box
        patch = torch.where(
            hidden[rows, columns],
            cover[:, :, rows, columns],
            self._picture[:, :, rows, columns],
        )
        size, at = (patch.shape[2], patch.shape[3]), ([rows.start], [columns.start])
        if self._forward is not None and self._forward.work(size, *at) < _WORTHWHILE:
            return self._forward(patch, *at), True
        whole = self._picture.clone()
        whole[:, :, rows, columns] = patch
        with torch.no_grad():
            return self._score.output(whole), False

    def _score_of(self, output: Any) -> float:
        with torch.no_grad():
            return float(self._target.score(output))

    def _cover(self, fill: Fill, inside: NDArray[np.bool_]) -> Tensor:
        """Return the normalized image that fills hidden pixels, (1, C, H, W)."""
        pixels, normalizer = self._inference.pixels, self._model.normalizer
        if fill == "inpainted":
            photo = pixels[0].permute(1, 2, 0).cpu().numpy()
            found = torch.from_numpy(inpaint_mask(photo, inside)).permute(2, 0, 1)
            whole: Tensor = normalizer(found[None].to(pixels))
            return whole
        if fill not in self._covers:
            self._covers[fill] = normalizer(self._plain(fill))
        return self._covers[fill]

    def _plain(self, fill: Literal["gray"] | Baseline) -> Tensor:
        """Return a baseline image in pixels, (1, C, H, W)."""
        pixels, mean = self._inference.pixels, self._model.mean_color
        if fill == "gray":
            return torch.full_like(pixels, _GRAY)
        sigma = min(pixels.shape[2:]) / _BLUR
        return baseline(fill, pixels, mean, sigma=sigma, generator=torch.Generator())

    def _ranking(self, output: Any) -> Ranking | None:
        info = self._model.info
        classifies = info.task is Task.CLASSIFY and not self._target.layer
        if not classifies or not isinstance(output, Tensor):
            return None
        before, after = (
            each.double().softmax(1)[0].cpu() for each in (self._before, output)
        )
        order = _shown(before, after)
        return Ranking(
            labels=tuple(label(info, int(index)) for index in order),
            values=after[order].numpy(),
            indices=order.numpy(),
            unit="probability",
            limits=(0.0, 1.0),
            earlier=before[order].numpy(),
        )


def _probability(inference: Inference, target: str) -> str:
    """Return the target; for a class, the target of its probability."""
    asked = inference.target(target).target.target
    if isinstance(asked, ClassTarget) and inference.model.info.task is Task.CLASSIFY:
        return f"probability({asked.index})"
    return target


def _shown(before: Tensor, after: Tensor) -> Tensor:
    """Return the classes to list: the most probable before, and the top one after."""
    top = before.topk(min(_ROWS, len(after))).indices
    both: Tensor = torch.unique(torch.cat([top, after.topk(1).indices]))
    return both[before[both].argsort(descending=True, stable=True)]


def _box(inside: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """Return the bounding rows and columns of the hidden pixels; None if none is."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        return None
    return (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )
