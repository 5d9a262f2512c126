"""Deeply supervised decoders: each level corrects the next coarser one's scores."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from torch import Tensor, nn

from nnviz.engine.models.networks.segmenters.vgg_trunk import VggTrunk, doubled


class DeeplySupervised(nn.Module):
    """A trunk and a decoder with scores at every level (deep supervision).

    Lee et al. 2015, arXiv:1409.5185: coarse levels learn the class of a shape, and
    finer ones refine its outline by adding to their scores (as in Long et al. 2015,
    arXiv:1411.4038, fig. 3), so that narrow maps of the full size need not encode the
    classes.

    Args:
        classes: length of the output, including the background.
        widths: channels of the decoder's maps at 1/32, 1/16, ... 1 of the input's size.
    """

    def __init__(self, classes: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.trunk = VggTrunk()
        self.scores = nn.ModuleList(nn.Conv2d(each, classes, 1) for each in widths)

    @abstractmethod
    def decoded(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the decoder's maps, the coarsest first."""

    def levels(self, x: Tensor) -> Iterator[Tensor]:
        """Yield logits from 1/32 of the input's size, doubling, up to the full size.

        Each level is computed only when requested.
        """
        coarser: Tensor | None = None
        for score, maps in zip(self.scores, self.decoded(x), strict=True):
            logits = score(maps)
            if coarser is not None:
                logits = logits + doubled(coarser, maps.shape[2:])
            yield logits
            coarser = logits

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to logits (N, classes, H, W)."""
        *_, logits = self.levels(x)
        return logits
