"""Captum's attributions of all pictures and targets: python captum_maps.py OUT.npz.

Run by .venv-peers' Python with tests/ on its path.
"""

import sys
import warnings

import numpy as np
import torch
from captum.attr import (
    Deconvolution,
    GuidedBackprop,
    InputXGradient,
    IntegratedGradients,
    Saliency,
)
from support.explained import BASELINE, STEPS, cases, networks
from torch import nn

RULES = ("gausslegendre", "riemann_middle", "riemann_left")


def main() -> None:
    warnings.simplefilter("ignore")  # captum's, about hooks and gradients
    found = {}
    x, targets = cases()
    for name, net in networks().items():
        for kind in (torch.float64, torch.float32):
            for method, value in maps(net.to(kind), x.to(kind), targets):
                key = f"{name} {str(kind)[6:]} {method}"
                found[key] = value.detach().numpy()
    np.savez(sys.argv[1], **found)


def maps(net: nn.Module, x: torch.Tensor, targets: torch.Tensor):
    yield "saliency", Saliency(net).attribute(x.clone(), targets, abs=False)
    yield "input", InputXGradient(net).attribute(x.clone(), targets)
    for rule in RULES:
        yield rule, IntegratedGradients(net).attribute(
            x.clone(), torch.full_like(x, BASELINE), targets,
            n_steps=STEPS, method=rule,
        )  # fmt: skip
    if any(isinstance(module, nn.ReLU) for module in net.modules()):
        yield "guided", GuidedBackprop(net).attribute(x.clone(), targets)
        yield "deconvnet", Deconvolution(net).attribute(x.clone(), targets)


main()
