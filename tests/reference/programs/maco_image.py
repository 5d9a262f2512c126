"""Make a MaCo image by Horama: python maco_image.py IN.npz OUT.npy.

Run by .venv-peers' Python.  IN.npz holds float32 "magnitudes" and "phases" (3, H,
W // 2 + 1), OUT.npy gets the image (3, H, W) in [0, 1].
"""

import sys

import numpy as np
import torch
from horama.maco_fv import maco_preconditioner


def main(given: str, out: str) -> None:
    with np.load(given) as arrays:
        magnitudes, phases = (
            torch.from_numpy(arrays[name]) for name in ("magnitudes", "phases")
        )
    image = maco_preconditioner(magnitudes, phases, (0.0, 1.0), "cpu")
    np.save(out, image.numpy())


main(*sys.argv[1:])
