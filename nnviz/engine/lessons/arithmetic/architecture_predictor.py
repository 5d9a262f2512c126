"""Accuracy predictor: a recurrent network over an architecture's layer words.

Neural architecture search with a surrogate: Liu et al. 2018 (arXiv:1712.00559).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Numbers = NDArray[np.float64]
_PASSES, _RATE = 40, 0.02
_SHRINK = 1e-3
"""Weight decay: the predictor sees few examples."""


class AccuracyPredictor:
    """An Elman network over layer words that predicts accuracy from its last state.

    Args:
        vocabulary: all words that occur.
        hidden: units of the state.
        generator: draws its weights.
    """

    def __init__(
        self, vocabulary: Sequence[str], hidden: int, generator: torch.Generator
    ) -> None:
        self._places = {word: index for index, word in enumerate(vocabulary)}

        def draw(*shape: int, scale: float) -> Tensor:
            values = scale * torch.randn(shape, generator=generator)
            return values.requires_grad_()

        self._read = draw(len(vocabulary), hidden, scale=0.3)
        self._carry = draw(hidden, hidden, scale=0.7 / hidden**0.5)
        self._answer = draw(hidden, scale=0.3)
        self._base = torch.zeros((), requires_grad=True)

    def fit(self, architectures: Sequence[Sequence[str]], accuracies: Numbers) -> float:
        """Fit to measured accuracies; return the remaining mean squared error."""
        wanted = torch.as_tensor(accuracies, dtype=torch.float32)
        indices, reads = self._encode(architectures)
        weights = [self._read, self._carry, self._answer, self._base]
        optimizer = torch.optim.Adam(weights, _RATE, weight_decay=_SHRINK)
        error = torch.zeros(())
        with torch.enable_grad():
            for _ in range(_PASSES):
                error = (self._forward(indices, reads) - wanted).square().mean()
                optimizer.zero_grad()
                torch.autograd.backward(error)
                optimizer.step()
        return float(error.detach())

    def predict(self, architectures: Sequence[Sequence[str]]) -> Numbers:
        """Predict the accuracy of each architecture, (N,) in [0, 1]."""
        with torch.no_grad():
            found = self._forward(*self._encode(architectures))
        return np.asarray(found.double().numpy())

    def _encode(self, architectures: Sequence[Sequence[str]]) -> tuple[Tensor, Tensor]:
        """Encode words as padded indices, with the mask of real words: both (T, N)."""
        longest = max(map(len, architectures))
        indices = torch.zeros(longest, len(architectures), dtype=torch.int64)
        reads = torch.zeros(longest, len(architectures), dtype=torch.bool)
        for column, words in enumerate(architectures):
            places = torch.tensor([self._places[word] for word in words])
            indices[: len(words), column] = places
            reads[: len(words), column] = True
        return indices, reads

    def _forward(self, indices: Tensor, reads: Tensor) -> Tensor:
        """Return predicted accuracies (N,); the state is held after the last word."""
        state = torch.zeros(indices.shape[1], len(self._carry))
        for place, read in zip(indices, reads, strict=True):
            new = torch.tanh(self._read[place] + state @ self._carry)
            state = torch.where(read[:, None], new, state)
        return torch.sigmoid(state @ self._answer + self._base)
