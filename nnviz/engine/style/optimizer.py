"""Minimization of a loss over pixels, step by step, by L-BFGS or Adam.

Each step evaluates the loss once.  ``torch.optim.LBFGS`` with one iteration per step
follows the same trajectory as with many, so the single call of neural-style-pt is
divided into steps that can be shown, stopped and resumed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import ModelError

Optimizer = Literal["lbfgs", "adam"]
State = Mapping[str, NDArray[Any]]
Look = Callable[[Tensor], tuple[float, Tensor]]
"""From pixels to the loss and its gradient."""

_HISTORY_BYTES = 512 << 20
"""Memory limit of L-BFGS's history, B: of each step two images."""
_FURTHEST = 0.1
"""Maximum root mean square of a step of L-BFGS, relative to the range black to
white."""
_LISTS = ("old_dirs", "old_stps", "ro")
_NUMBERS = ("func_evals", "n_iter")


class Descent:
    """Gradient descent of images to a small loss.

    Args:
        start: (N, C, H, W); copied.
        optimizer: "lbfgs", with steps as in neural-style-pt, without a line search or a
            stopping tolerance, but none longer than a tenth of the range; or "adam".
        history: number of steps in L-BFGS's history; fewer where the images are large.
        falling: optimize frequencies instead of pixels, each of f cycles per pixel
            scaled by (1 / 2f)^falling; 0 is the pixels.  The spectrum of images has
            about 1: with it, large shapes change as readily as grain.
    """

    def __init__(
        self, start: Tensor, optimizer: Optimizer, history: int, falling: float = 0
    ) -> None:
        self._gain = _gain(start, falling) if falling else None
        first = start.detach()
        if self._gain is not None:
            first = _filtered(first, 1 / self._gain)
        self._numbers = first.clone().contiguous().requires_grad_()
        self._kind = optimizer
        self._history = history
        self._optimizer = self._made()

    @property
    def pixels(self) -> Tensor:
        """The images (N, C, H, W), not clipped to [0, 1]; do not write to them."""
        return self._as_pixels(self._numbers.detach())

    def step(self, look: Look, rate: float) -> None:
        """Take a step; afterwards ``pixels`` have not been evaluated by ``look`` yet.

        Args:
            look: evaluated once; if it raises, the state is unchanged.
            rate: Adam's; L-BFGS determines the length of its steps.

        Raises:
            ModelError: the gradient is not finite.
        """
        before = self._numbers.detach().clone()
        loss, gradient = look(self._as_pixels(before))
        if not bool(gradient.isfinite().all()):
            raise ModelError(
                "the optimization",
                "diverged: the values are no longer finite",
                "lower the learning rate, or use Adam",
            )
        # The filter is symmetric, so it is its own transpose.
        self._numbers.grad = self._as_pixels(gradient)
        for group in self._optimizer.param_groups:
            group["lr"] = rate if self._kind == "adam" else 1.0
        self._optimizer.step(lambda: loss)
        self._numbers.grad = None
        if self._kind == "lbfgs":
            self._hold_back(before)

    def forget(self) -> None:
        """Reset the optimizer's memory: the loss has changed."""
        self._optimizer = self._made()

    def state(self) -> dict[str, NDArray[Any]]:
        """Return a copy of the state for ``restore``."""
        found = {"numbers": _array(self._numbers)}
        kept = self._optimizer.state[self._numbers]
        for key in kept.keys() - {"al"}:
            if key not in _LISTS:
                found[f"optimiser.{key}"] = _array(torch.as_tensor(kept[key]))
            elif kept[key]:
                found[f"optimiser.{key}"] = _array(torch.stack(kept[key]))
        return found

    def restore(self, state: State) -> None:
        """Resume from a state of images of the same size."""
        self._numbers.detach().copy_(torch.from_numpy(state["numbers"]))
        kept = self._optimizer.state[self._numbers]
        if self._kind == "lbfgs":
            kept.update({key: [] for key in _LISTS})
        for name, array in state.items():
            key = name.removeprefix("optimiser.")
            if key != name:
                kept[key] = self._held(key, torch.from_numpy(np.array(array)))

    def _hold_back(self, before: Tensor) -> None:
        """Shorten a step that is too long for its curvature estimate."""
        moved = self._numbers.detach() - before
        length = float(self._as_pixels(moved).square().mean().sqrt())
        if length > _FURTHEST:
            kept = self._optimizer.state[self._numbers]
            kept["t"] = kept["t"] * _FURTHEST / length
            self._numbers.detach().copy_(before + moved * (_FURTHEST / length))

    def _as_pixels(self, numbers: Tensor) -> Tensor:
        return numbers if self._gain is None else _filtered(numbers, self._gain)

    def _held(self, key: str, value: Tensor) -> object:
        """Convert a value to the type and device of the optimizer's state."""
        if key in _NUMBERS:
            return int(value)
        if key == "step":
            return value
        value = value.to(self._numbers.device)
        # A view of a larger tensor is aligned differently, which changes a BLAS's sums.
        return [part.clone() for part in value] if key in _LISTS else value

    def _made(self) -> torch.optim.Optimizer:
        if self._kind == "adam":
            return torch.optim.Adam([self._numbers])
        pair = 2 * self._numbers.numel() * self._numbers.element_size()
        return torch.optim.LBFGS(
            [self._numbers],
            max_iter=1,
            history_size=max(1, min(self._history, _HISTORY_BYTES // pair)),
            tolerance_grad=-1,
            tolerance_change=-1,
        )


def _gain(pictures: Tensor, falling: float) -> Tensor:
    """Return the factor of each frequency, (H, W // 2 + 1)."""
    height, width = pictures.shape[2:]
    down = torch.fft.fftfreq(height, dtype=torch.float64)[:, None]
    across = torch.fft.rfftfreq(width, dtype=torch.float64)
    cycles = torch.hypot(down, across).clamp(min=1 / max(height, width))
    return (2 * cycles).pow(-falling).to(pictures)


def _filtered(pictures: Tensor, gain: Tensor) -> Tensor:
    size = (pictures.shape[2], pictures.shape[3])
    found: Tensor = torch.fft.irfft2(torch.fft.rfft2(pictures) * gain, s=size)
    return found


def _array(tensor: Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().numpy().copy()
