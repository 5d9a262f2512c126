"""Captioner: convolutional features, and an LSTM with attention over positions."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.models.networks.scene_trunk import SceneTrunk
from nnviz.engine.models.networks.unet import merge_block, rise

_COLORS = 3


@dataclass(frozen=True, slots=True, eq=False)
class CaptionState:
    """The state of the LSTM between two words.

    Attributes:
        hidden: (N, hidden).
        cell: (N, hidden).
        seen: sum of the attention to each place so far, (N, P).
    """

    hidden: Tensor
    cell: Tensor
    seen: Tensor

    def take(self, rows: Tensor) -> "CaptionState":
        """Return the states of selected rows, int64 (M,)."""
        return CaptionState(self.hidden[rows], self.cell[rows], self.seen[rows])


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Keys and values of the positions of an image, for attention.

    Attributes:
        keys: that a state is compared with, (N, P, width).
        values: that are read, (N, P, values).
    """

    keys: Tensor
    values: Tensor


class PlaceAttention(nn.Module):
    """Dot-product attention of a state over positions (Luong et al. 2015, sec. 3.1).

    arXiv:1508.04025, the score "general", scaled as in Vaswani et al. 2017
    (arXiv:1706.03762, eq. 1): many times cheaper than the additive one of Xu et al.
    The state also says whether places that were looked at before draw it or repel it,
    a coverage (Tu et al. 2016, arXiv:1601.04811): so nothing is named twice.

    Args:
        features: channels of the encoder's features.
        hidden: of the LSTM.
        width: length of keys and queries.
        values: length of the values, of which a weighted mean is read.
    """

    def __init__(self, features: int, hidden: int, width: int, values: int) -> None:
        super().__init__()
        self.keys = nn.Linear(features, width)
        self.values = nn.Linear(features, values)
        self.query = nn.Linear(hidden, width, bias=False)
        self.again = nn.Linear(hidden, 1)

    def forward(self, keys: Tensor, hidden: Tensor, seen: Tensor) -> Tensor:
        """Return the weights of positions, (N, P), which sum to 1.

        Args:
            keys: of the positions, (N, P, width).
            hidden: of the LSTM, (N, hidden).
            seen: sum of the attention to each place so far, (N, P).
        """
        query = self.query(hidden)[..., None]
        scores = (keys @ query).squeeze(-1) / keys.shape[-1] ** 0.5
        weights: Tensor = (scores + self.again(hidden) * seen).softmax(-1)
        return weights


class SceneCaptioner(nn.Module):
    """Show, attend and tell (Xu et al. 2015, arXiv:1502.03044) on a U-Net's features.

    The encoder returns features at 1/8 of the input's size: the way down of the U-Net
    that segments scenes, and two levels of its way up.  The decoder, an LSTM, attends
    to a weighted mean of them before each word.  A second head predicts for
    each position which words apply to it, and the maxima over the positions are the
    network's output: the words likely to occur in a description of the image (Fang et
    al. 2015, arXiv:1411.4952, sec. 3).  Every ReLU is a module of its own and none
    works in place.  Accepts any size of at least 32 x 32 px.

    Args:
        words: the vocabulary; the first starts, the second ends a sentence.
        concepts: length of the output: words that can be recognized at a position.
        features: channels of the encoder's features.
        hidden: of the LSTM.
        deeper: how many residual blocks follow each stage of the trunk.

    Attributes:
        words: the vocabulary.
    """

    start, end = 0, 1

    def __init__(
        self,
        words: Sequence[str],
        concepts: int,
        features: int = 128,
        hidden: int = 256,
        deeper: tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> None:
        super().__init__()
        self.words = tuple(words)
        self.trunk = SceneTrunk(deeper=deeper)
        first, second, *upper = self.trunk.channels
        rising = upper[::-1]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(lower, upper, 2, 2) for lower, upper in pairwise(rising)
        )
        self.merge = nn.ModuleList(merge_block(channels) for channels in rising[1:])
        self.laterals = nn.ModuleList(
            nn.Conv2d(channels, features, 1, bias=False)
            for channels in (_COLORS, first, second, *rising)
        )
        self.fuse = nn.Sequential(
            OrderedDict(
                bn1=nn.BatchNorm2d(features),
                relu1=nn.ReLU(),
                conv=nn.Conv2d(features, features, 3, 1, 1, bias=False),
                bn2=nn.BatchNorm2d(features),
                relu2=nn.ReLU(),
            )
        )
        self.concepts = nn.Conv2d(features, concepts, 1)
        # Two more channels encode the position, from -1 to 1 across and down.
        values = features // 2
        self.attention = PlaceAttention(features + 2, hidden, features // 4, values)
        self.embedding = nn.Embedding(len(words), values)
        self.initial = nn.Linear(features + 2, 2 * hidden)
        self.lstm = nn.LSTMCell(2 * values, hidden)
        self.next_word = nn.Linear(hidden + values, len(words))

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to logits of the concepts, (N, K)."""
        logits: Tensor = self.concepts(self.encode(x)).amax((2, 3))
        return logits

    def encode(self, x: Tensor) -> Tensor:
        """Return the features of all positions, (N, features, H / 8, W / 8)."""
        passed = self.trunk(x)
        first, second, *_ = passed
        *coarse, fine = rise(passed[2:], self.up, self.merge)
        size = (fine.shape[2], fine.shape[3])
        # Deep features say what a shape is; what color it has, pixels and the first
        # layers say best.
        shrunk = [
            functional.adaptive_avg_pool2d(each, size) for each in (x, first, second)
        ]
        parts = [
            functional.interpolate(lateral(each), size, mode="nearest")
            for lateral, each in zip(
                self.laterals, (*shrunk, *coarse, fine), strict=True
            )
        ]
        fused: Tensor = self.fuse(sum(parts[1:], parts[0]))
        return fused

    def places(self, maps: Tensor) -> Tensor:
        """Flatten feature maps, with coordinates appended, (N, P, C + 2)."""
        rows, columns = maps.shape[2:]
        down = torch.linspace(-1, 1, rows, dtype=maps.dtype, device=maps.device)
        across = torch.linspace(-1, 1, columns, dtype=maps.dtype, device=maps.device)
        where = torch.stack(torch.meshgrid(across, down, indexing="xy"))
        whole = torch.cat([maps, where.expand(len(maps), -1, -1, -1)], 1)
        return whole.flatten(2).transpose(1, 2)

    def begin(self, places: Tensor) -> CaptionState:
        """Return the initial state, computed from the mean of the positions."""
        hidden, cell = torch.tanh(self.initial(places.mean(1))).chunk(2, -1)
        return CaptionState(hidden, cell, torch.zeros_like(places[..., 0]))

    def look(self, places: Tensor) -> View:
        """Return keys and values of positions, which do not depend on the state."""
        return View(self.attention.keys(places), self.attention.values(places))

    def step(
        self, view: View, state: CaptionState, words: Tensor
    ) -> tuple[Tensor, Tensor, CaptionState]:
        """Take one decoder step: attention, LSTM, and logits of the next word.

        Args:
            view: ``look`` of the places.
            state: before the step.
            words: the previous words, int64 (N,).

        Returns:
            Logits of the next word (N, V), weights of the positions (N, P), the new
            state.
        """
        weights = self.attention(view.keys, state.hidden, state.seen)
        seen = torch.einsum("np,npc->nc", weights, view.values)
        given = torch.cat([self.embedding(words), seen], 1)
        hidden, cell = self.lstm(given, (state.hidden, state.cell))
        logits: Tensor = self.next_word(torch.cat([hidden, seen], 1))
        return logits, weights, CaptionState(hidden, cell, state.seen + weights)
