"""Non-negative matrix factorization by HALS (Cichocki and Phan 2009)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

_TINY = 1e-12
Check = Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """Activations as sums of parts: values ≈ amounts @ parts.

    Attributes:
        amounts: (N, r), nonnegative.
        parts: (r, C), nonnegative, each of length 1.
        error: Frobenius norm of the residual, relative to that of the values.
    """

    amounts: Tensor
    parts: Tensor
    error: float


def factorize(
    values: Tensor,
    count: int,
    *,
    steps: int = 100,
    seed: int = 0,
    check: Check = lambda: None,
) -> Iterator[Factors]:
    """Yield improving factors, the components that explain most first.

    Args:
        values: (N, C), nonnegative.
        count: r.
        steps: sweeps over all parts.
        seed: of the initial values.
        check: raises to stop.
    """
    generator = torch.Generator().manual_seed(seed)
    scale = float((values.mean() / count).sqrt())
    amounts = scale * torch.rand(len(values), count, generator=generator)
    parts = scale * torch.rand(count, values.shape[1], generator=generator)
    norm = float(values.norm()) or 1.0
    for step in range(1, steps + 1):
        check()
        _sweep(amounts.T, parts @ values.T, parts @ parts.T)
        _sweep(parts, amounts.T @ values, amounts.T @ amounts)
        if step % 20 == 0 or step == steps:
            yield _ordered(values, amounts, parts, norm)


def _sweep(rows: Tensor, products: Tensor, gram: Tensor) -> None:
    """Update each row to its non-negative least squares solution, the others fixed."""
    for k in range(len(rows)):
        rest = products[k] - gram[k] @ rows + gram[k, k] * rows[k]
        rows[k] = (rest / gram[k, k].clamp_min(_TINY)).clamp_min(0)


def _ordered(values: Tensor, amounts: Tensor, parts: Tensor, norm: float) -> Factors:
    lengths = parts.norm(dim=1).clamp_min(_TINY)
    weights = amounts * lengths
    order = weights.sum(0).argsort(descending=True, stable=True)
    error = float((values - amounts @ parts).norm()) / norm
    return Factors(weights[:, order], (parts / lengths[:, None])[order], error)
