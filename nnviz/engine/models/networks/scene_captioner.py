"""Captioner: convolutional features, and an LSTM with attention over positions."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.models.networks.scene_trunk import SceneTrunk


@dataclass(frozen=True, slots=True, eq=False)
class CaptionState:
    """The state of the LSTM between two words.

    Attributes:
        hidden: (N, hidden).
        cell: (N, hidden).
    """

    hidden: Tensor
    cell: Tensor

    def take(self, rows: Tensor) -> "CaptionState":
        """Return the states of selected rows, int64 (M,)."""
        return CaptionState(self.hidden[rows], self.cell[rows])


class PlaceAttention(nn.Module):
    """Dot-product attention of a state over positions (Luong et al. 2015, sec. 3.1).

    arXiv:1508.04025, the score "general", scaled as in Vaswani et al. 2017
    (arXiv:1706.03762, eq. 1): many times cheaper than the additive one of Xu et al.

    Args:
        features: channels of the encoder's features.
        hidden: of the LSTM.
        width: length of keys and queries.
    """

    def __init__(self, features: int, hidden: int, width: int) -> None:
        super().__init__()
        self.keys = nn.Linear(features, width)
        self.query = nn.Linear(hidden, width, bias=False)

    def forward(self, keys: Tensor, hidden: Tensor) -> Tensor:
        """Return the weights of positions, (N, P), which sum to 1.

        Args:
            keys: of the positions, (N, P, width).
            hidden: of the LSTM, (N, hidden).
        """
        query = self.query(hidden)[..., None]
        scores = (keys @ query).squeeze(-1) / keys.shape[-1] ** 0.5
        weights: Tensor = scores.softmax(-1)
        return weights


class SceneCaptioner(nn.Module):
    """Show, attend and tell (Xu et al. 2015, arXiv:1502.03044) on a residual network.

    The encoder returns features at 1/8 of the input's size; the decoder, an LSTM,
    attends to a weighted mean of them before each word.  A second head predicts for
    each position which words apply to it, and the maxima over the positions are the
    network's output: the words likely to occur in a description of the image (Fang et
    al. 2015, arXiv:1411.4952, sec. 3).  Every ReLU is a module of its own and none
    works in place.  Accepts any size of at least 32 x 32 px.

    Args:
        words: the vocabulary; the first starts, the second ends a sentence.
        concepts: length of the output: words that can be recognized at a position.
        features: channels of the encoder's features.
        hidden: of the LSTM.

    Attributes:
        words: the vocabulary.
    """

    start, end = 0, 1

    def __init__(
        self,
        words: Sequence[str],
        concepts: int,
        features: int = 96,
        hidden: int = 256,
    ) -> None:
        super().__init__()
        self.words = tuple(words)
        self.trunk = SceneTrunk()
        *_, fine, middle, coarse = self.trunk.channels
        self.laterals = nn.ModuleList(
            nn.Conv2d(channels, features, 1) for channels in (fine, middle, coarse)
        )
        self.colors = nn.Conv2d(3, features, 1, bias=False)
        self.merge = nn.Sequential(
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
        self.attention = PlaceAttention(features + 2, hidden, features // 2)
        self.embedding = nn.Embedding(len(words), features)
        self.initial = nn.Linear(features + 2, 2 * hidden)
        self.lstm = nn.LSTMCell(2 * features + 2, hidden)
        self.next_word = nn.Linear(hidden + features + 2, len(words))

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to logits of the concepts, (N, K)."""
        logits: Tensor = self.concepts(self.encode(x)).amax((2, 3))
        return logits

    def encode(self, x: Tensor) -> Tensor:
        """Return the features of all positions, (N, features, H / 8, W / 8)."""
        *_, fine, middle, coarse = self.trunk(x)
        size = fine.shape[2:]
        parts = [
            lateral(each)
            for lateral, each in zip(self.laterals, (fine, middle, coarse), strict=True)
        ]
        # The trunk learned shapes; colors are best read from the pixels.
        parts.append(self.colors(functional.adaptive_avg_pool2d(x, size)))
        summed = parts[0] + sum(
            functional.interpolate(each, size, mode="nearest") for each in parts[1:]
        )
        merged: Tensor = self.merge(summed)
        return merged

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
        return CaptionState(hidden, cell)

    def look(self, places: Tensor) -> Tensor:
        """Return the attention keys of positions, which do not depend on the state."""
        keys: Tensor = self.attention.keys(places)
        return keys

    def step(
        self, places: Tensor, keys: Tensor, state: CaptionState, words: Tensor
    ) -> tuple[Tensor, Tensor, CaptionState]:
        """Take one decoder step: attention, LSTM, and logits of the next word.

        Args:
            places: (N, P, C + 2).
            keys: ``look`` of them.
            state: before the step.
            words: the previous words, int64 (N,).

        Returns:
            Logits of the next word (N, V), weights of the positions (N, P), the new
            state.
        """
        weights = self.attention(keys, state.hidden)
        seen = torch.einsum("np,npc->nc", weights, places)
        given = torch.cat([self.embedding(words), seen], 1)
        hidden, cell = self.lstm(given, (state.hidden, state.cell))
        logits: Tensor = self.next_word(torch.cat([hidden, seen], 1))
        return logits, weights, CaptionState(hidden, cell)
