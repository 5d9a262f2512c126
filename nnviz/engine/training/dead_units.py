"""Dead units: channels that are zero for all images."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from nnviz.engine.nn.hooks import removed_hooks

PICTURES = 200
"""Minimum number of images for which a dead channel is zero."""


@torch.inference_mode()
def dead_units(net: nn.Module, batches: Iterable[Tensor]) -> dict[str, float]:
    """Return the share of dead channels behind each ReLU, in [0, 1].

    A channel is dead if it is 0 at every position of every image: no gradient passes
    it, so it never learns again, and there is nothing to visualize.

    Args:
        net: in evaluation mode; unchanged.
        batches: normalized pixels (N, C, H, W), on the network's device.
    """
    alive: dict[str, Tensor] = {}

    def watch(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def note(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            answers = output.flatten(2).amax(2) if output.ndim > 2 else output  # noqa: PLR2004
            seen = (answers > 0).any(0)
            alive[name] = alive.get(name, torch.zeros_like(seen)) | seen

        return module.register_forward_hook(note)

    relus = [(n, m) for n, m in net.named_modules() if isinstance(m, nn.ReLU)]
    with removed_hooks() as handles:
        handles.extend(watch(name, module) for name, module in relus)
        for pixels in batches:
            net(pixels)
    return {name: 1 - seen.float().mean().item() for name, seen in alive.items()}


def dead_units_text(net: nn.Module, batches: Iterable[Tensor]) -> str:
    """Describe the layer with the largest share of dead units, for a card."""
    shares = dead_units(net, batches)
    worst = max(shares, key=lambda name: shares[name])
    if not shares[worst]:
        return f"none in any layer, on {PICTURES} held-out images"
    return (
        f"at most {100 * shares[worst]:.1f} % of a layer (`{worst}`), "
        f"on {PICTURES} held-out images"
    )
