"""TCAV: testing with concept activation vectors (Kim et al. 2018, arXiv:1711.11279).

Directions are fitted on the mean of each channel over its map; sensitivities are the
gradients of the logit, summed over the map, along them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.engine.dataset.linear_probe import fit_probe
from nnviz.engine.models.model import Model
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.hooks import find_module
from nnviz.engine.nn.pytree import with_first_tensor
from nnviz.engine.nn.shapes.calls import first_tensor

Check = Callable[[], None]
_PENALTY = 1e-2
HELD_OUT = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class ConceptDirection:
    """A concept activation vector.

    Attributes:
        vector: float64 (C,), of length 1, toward the concept.
        accuracy: on a held-out quarter of its images.
    """

    vector: NDArray[np.float64]
    accuracy: float


def concept_direction(
    concept: NDArray[np.floating],
    others: NDArray[np.floating],
    seed: int,
    check: Check = lambda: None,
    held_out: float = HELD_OUT,
) -> ConceptDirection:
    """Fit a linear boundary of a concept against other images; return its normal.

    Args:
        concept: (n, C), features of its images.
        others: (m, C).
        seed: for the choice of the held-out part.
        check: raises to stop.
        held_out: fraction of the images that accuracy is measured on.
    """
    features = torch.from_numpy(np.concatenate([concept, others]).astype(np.float32))
    labels = torch.cat([torch.ones(len(concept)), torch.zeros(len(others))]).long()
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(labels)))
    held = order[: int(held_out * len(labels))]
    learned = order[len(held) :]
    probe = fit_probe(features[learned], labels[learned], 2, _PENALTY, check)
    guessed = probe.logits(features[held]).argmax(1)
    accuracy = float((guessed == labels[held]).float().mean())
    vector = (probe.weight[1] - probe.weight[0]).double().numpy()
    return ConceptDirection(vector / (np.linalg.norm(vector) or 1.0), accuracy)


def class_gradients(
    model: Model, layer: str, pixels: Tensor, target: int, check: Check
) -> Tensor:
    """Return the gradients of a class's logit with respect to a layer, (N, C).

    Summed over the positions of its maps.

    Args:
        model: the network.
        layer: name.
        pixels: (N, C, H, W) in [0, 1].
        target: index of the class.
        check: raises to stop.
    """
    info = model.info.known_layer(layer)
    kept: list[Tensor] = []

    def begin_here(_module: object, _inputs: object, output: object) -> object:
        found = first_tensor(output)
        if found is None:
            return output
        kept.append(found.detach().clone().requires_grad_())
        return with_first_tensor(output, kept[-1])

    passes = model.pixel_model(check)
    handle = find_module(model.net, layer).register_forward_hook(begin_here)
    try:
        gradients: list[Tensor] = []
        for part in passes.parts(pixels):
            with passes.differentiable():
                output = first_tensor(passes.forward(part))
                if output is None:
                    raise TypeError("the network returns no tensor")
                gradients += torch.autograd.grad(output[:, target].sum(), kept[-1])
    finally:
        handle.remove()
    return maps_of(torch.cat(gradients), info).flatten(2).sum(2)


def tcav_score(gradients: NDArray[np.floating], vector: NDArray[np.floating]) -> float:
    """Return the share of images whose logit rises along a direction (equation 2)."""
    return float((gradients @ vector > 0).mean())
