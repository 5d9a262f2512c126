"""Captum's occlusion maps of a picture: FILE FILL WINDOW,STRIDE ..."""

import sys

import numpy as np
import torch
from captum.attr import Occlusion
from support.explained import cases, networks

out, fill, *settings = sys.argv[1:]
pictures, targets = cases()
occlusion = Occlusion(networks()["plain"])
found = {}
for setting in settings:
    window, stride = map(int, setting.split(","))
    with torch.no_grad():
        maps = occlusion.attribute(
            pictures[:1], (3, window, window), (3, stride, stride), float(fill),
            target=int(targets[0]), perturbations_per_eval=8,
        )  # fmt: skip
    found[setting] = maps[0, 0].numpy()
np.savez(out, **found)
