"""Steps of L-BFGS and Adam on pictures.

The truth is torch.optim run plainly, L-BFGS in one call of many iterations, as
neural-style-pt uses it; for frequencies the same after a change of variables done with
dense matrices.
"""

import numpy as np
import pytest
import torch

from nnviz.base.errors import ModelError
from nnviz.engine.style.optimizer import Descent

SHAPE = (1, 3, 7, 6)


def start():
    """Pictures near to the valley's floor, so that no step is held back."""
    noise = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1))
    return 0.3 + 0.1 * noise


def valley(pixels):
    """A bowl of quite different curvatures, bent."""
    weights = torch.linspace(0.2, 3, pixels.numel()).view_as(pixels)
    return (weights * (pixels - 0.4).square()).sum() + 0.1 * pixels.pow(4).sum()


def look(pixels):
    leaf = pixels.detach().requires_grad_()
    loss = valley(leaf)
    (gradient,) = torch.autograd.grad(loss, leaf)
    return float(loss.detach()), gradient


def walk(descent, steps):
    found = []
    for _ in range(steps):
        descent.step(look, 0.01)
        found.append(descent.pixels.clone())
    return found


def test_lbfgs_is_torchs_cut_into_steps():
    leaf = start().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [leaf], max_iter=12, history_size=4, tolerance_grad=-1, tolerance_change=-1
    )

    def closure():
        optimizer.zero_grad()
        loss = valley(leaf)
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)
    ours = walk(Descent(start(), "lbfgs", 4), 12)
    assert torch.equal(ours[-1], leaf.detach())


def test_adam_is_torchs():
    leaf = start().requires_grad_()
    optimizer = torch.optim.Adam([leaf], lr=0.01)
    for _ in range(5):
        optimizer.zero_grad()
        torch.autograd.backward(valley(leaf))
        optimizer.step()
    assert torch.equal(walk(Descent(start(), "adam", 4), 5)[-1], leaf.detach())


def dense(falling):
    """The matrix from what is moved to the pixels, column by column, by numpy."""
    height, width = SHAPE[2:]
    down = np.fft.fftfreq(height)[:, None]
    across = np.fft.fftfreq(width)
    cycles = np.maximum(np.hypot(down, across), 1 / max(height, width))
    gain = (2 * cycles) ** -falling
    columns = [
        np.fft.ifft2(np.fft.fft2(unit.reshape(height, width)) * gain).real.ravel()
        for unit in np.eye(height * width)
    ]
    return torch.from_numpy(np.stack(columns, 1)).float()


def test_frequencies_are_a_change_of_variables():
    matrix = dense(0.5)
    # A wave of half a cycle a pixel counts 1, the slowest (2 / 7) ^ -0.5.
    largest = float(torch.linalg.eigvalsh(matrix.double()).max())
    assert largest == pytest.approx((2 / 7) ** -0.5, rel=1e-5)
    leaf = torch.linalg.solve(matrix, start().flatten(2).mT).mT
    leaf = leaf.contiguous().requires_grad_()
    optimizer = torch.optim.Adam([leaf], lr=0.01)
    for _ in range(5):
        optimizer.zero_grad()
        torch.autograd.backward(valley((leaf @ matrix.T).view(SHAPE)))
        optimizer.step()
    expected = (leaf @ matrix.T).view(SHAPE).detach()
    ours = walk(Descent(start(), "adam", 4, 0.5), 5)[-1]
    assert torch.allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("falling", [0, 0.5])
@pytest.mark.parametrize("kind", ["lbfgs", "adam"])
def test_goes_on_bit_for_bit(kind, falling):
    whole = walk(Descent(start(), kind, 3, falling), 8)
    for steps in (1, 2, 6):
        first = Descent(start(), kind, 3, falling)
        walk(first, steps)
        second = Descent(torch.zeros(SHAPE), kind, 3, falling)
        second.restore(first.state())
        for one, two in zip(walk(second, 8 - steps), whole[steps:], strict=True):
            assert torch.equal(one, two)


def test_no_step_is_longer_than_a_tenth():
    descent = Descent(start(), "lbfgs", 4)
    before = start()
    for _ in range(6):
        descent.step(lambda x: (0.0, torch.full_like(x, -1e3)), 1)
        moved = (descent.pixels - before).square().mean().sqrt()
        assert float(moved) <= 0.1 + 1e-6
        before = descent.pixels.clone()
    assert float(moved) > 0


def test_what_is_not_finite_is_refused():
    descent = Descent(start(), "adam", 4)
    with pytest.raises(ModelError, match="lower the learning rate"):
        descent.step(lambda x: (0.0, torch.full_like(x, torch.nan)), 1)
    assert torch.equal(descent.pixels, start())
