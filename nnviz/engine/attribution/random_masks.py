"""Random masks: coarse random grids, enlarged and shifted (Petsiuk et al. 2018)."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True, eq=False)
class RandomMasks:
    """Random masks of an image, enlarged on demand.

    Attributes:
        grids: (N, 1, cells, cells), 1 where the image is kept.
        shifts: int64 (N, 2), rows and columns by which an enlarged grid is shifted.
        size: of the image, px.
    """

    grids: Tensor
    shifts: Tensor
    size: tuple[int, int]

    def masks(self, part: slice) -> Tensor:
        """Return some of the masks, (n, 1, H, W) in [0, 1].

        The edge values of the grid are replicated in the outer half cells; the paper's
        program mirrors.
        """
        cells = self.grids.shape[-1]
        sides = [-(-side // cells) for side in self.size]
        enlarged = functional.interpolate(
            self.grids[part],
            ((cells + 1) * sides[0], (cells + 1) * sides[1]),
            mode="bilinear",
            align_corners=False,
        )
        height, width = self.size
        cropped = [
            each[:, top : top + height, left : left + width]
            for each, (top, left) in zip(
                enlarged, self.shifts[part].tolist(), strict=True
            )
        ]
        return torch.stack(cropped)


def draw_masks(
    count: int,
    cells: int,
    kept: float,
    size: tuple[int, int],
    generator: torch.Generator,
) -> RandomMasks:
    """Draw random masks (section 3.2 of the paper).

    Args:
        count: of masks.
        cells: along a side of the coarse grid.
        kept: probability that a cell is kept.
        size: of the image, px.
        generator: on the CPU.
    """
    grids = torch.rand((count, 1, cells, cells), generator=generator) < kept
    sides = [-(-side // cells) for side in size]
    shifts = [torch.randint(0, side, (count,), generator=generator) for side in sides]
    return RandomMasks(grids.float(), torch.stack(shifts, dim=1), size)
