"""Writes what other programs make of a small network: tests/fixtures/peers.

Usage: .venv-peers/bin/python tests/reference/programs/attribution_truths.py

Needs zennit 1.0, captum, lime, PAIR's saliency and grad-cam beside what `make peers`
installs.  Weights and inputs are stored with the results, so the tests need none of
these programs, and no generator of random numbers has to stay as it is.
"""

from pathlib import Path

import numpy as np
import torch
from captum.attr import LayerConductance, NeuronConductance, ShapleyValues
from lime.lime_base import LimeBase
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from saliency.core import XRAI
from torch import nn
from zennit.composites import (
    EpsilonAlpha2Beta1,
    EpsilonGammaBox,
    EpsilonPlus,
)

PATH = Path(__file__).parents[2] / "fixtures" / "peers" / "attributions.npz"
TARGET = 2


def network():
    """Convolutions, max and average pooling, a dense layer, in float64."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(3),
        nn.Flatten(),
        nn.Linear(24, 5),
    ).double()


def relevance(net, composite, x):
    """zennit's relevance of the input, starting from the logit."""
    leaf = x.clone().requires_grad_()
    with composite.context(net) as changed:
        output = changed(leaf)
        start = torch.zeros_like(output)
        start[:, TARGET] = output[:, TARGET].detach()
        (found,) = torch.autograd.grad(output, leaf, start)
    return found


def of_network(found):
    """Add the attributions of a network."""
    net, x = network(), torch.rand(1, 3, 12, 12).double()
    found |= {f"weight.{name}": each.numpy() for name, each in net.state_dict().items()}
    found["x"] = x.numpy()
    low, high = torch.zeros_like(x), torch.ones_like(x)
    for name, composite in {
        "zennit.epsilon gamma box": EpsilonGammaBox(low=low, high=high),
        "zennit.epsilon plus": EpsilonPlus(),
        "zennit.epsilon alpha2 beta1": EpsilonAlpha2Beta1(),
    }.items():
        found[name] = relevance(net, composite, x).detach().numpy()
    conductance = LayerConductance(net, net[4])
    values = conductance.attribute(x, low, target=TARGET, n_steps=2000)
    found["captum.layer conductance"] = values.detach().numpy()
    channel = int(values.abs().sum((0, 2, 3)).argmax())
    found["channel"] = np.array(channel)
    parts = [
        NeuronConductance(net, net[4]).attribute(
            x, (channel, row, column), low, target=TARGET, n_steps=500
        )
        for row in range(6)
        for column in range(6)
    ]
    found["captum.channel conductance"] = sum(parts).detach().numpy()
    regions = torch.arange(12)[:, None] // 6 * 3 + torch.arange(12)[None] // 4
    mask = regions.expand(1, 3, 12, 12).contiguous()
    values = ShapleyValues(net).attribute(x, low, target=TARGET, feature_mask=mask)
    found["regions"], found["captum.shapley"] = regions.numpy(), values.numpy()


def of_numbers(found, random):
    """Add what needs no network: LIME's regression, XRAI's ranking, ROAD's filling."""
    kept = random.random((40, 7)) < 0.5
    kept[0] = True
    scores = random.random(40) + kept @ np.arange(7.0)
    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / 0.25**2)), random_state=0)
    distances = 1 - np.sqrt(kept.mean(1))
    fitted = base.explain_instance_with_data(
        kept.astype(float), scores[:, None], distances, 0, 7, feature_selection="none"
    )[1]
    found["kept"], found["scores"] = kept, scores
    found["lime.weights"] = np.array([w for _, w in sorted(fitted)])
    image = np.kron(random.random((6, 6, 3)), np.ones((16, 16, 1)))
    image += 0.05 * random.random(image.shape)
    attribution = random.normal(size=image.shape)
    found["image"], found["attribution"] = image, attribution
    found["saliency.xrai"] = XRAI().GetMask(image, None, base_attribution=attribution)
    picture = torch.from_numpy(random.random((3, 14, 14))).float()
    mask = torch.from_numpy(random.random((14, 14)) > 0.6).float()
    found["picture"], found["mask"] = picture.numpy(), mask.numpy()
    filled = NoisyLinearImputer(noise=0.0)(picture, mask)
    found["grad-cam.imputed"] = np.asarray(filled)


def main():
    """Compute and write all truths."""
    torch.manual_seed(0)
    found = {}
    of_network(found)
    of_numbers(found, np.random.default_rng(0))
    PATH.parent.mkdir(exist_ok=True)
    np.savez_compressed(PATH, **found)


if __name__ == "__main__":
    main()
