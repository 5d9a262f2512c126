"""Write resources/spectra/photographs.npz: how strong waves are in photographs.

Usage: .venv/bin/python packaging/make_spectra.py FOLDER  (pictures at any depth)
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nnviz.base.file_formats import IMAGES
from nnviz.base.preprocess import Preprocess
from nnviz.engine.models.model import fit_to_input
from nnviz.engine.optvis.spectrum_prior import SIDE, mean_magnitudes
from nnviz.media.decode import open_image

OUT = Path(__file__).parents[1] / "resources" / "spectra" / "photographs.npz"


def photographs(folder: Path) -> Iterator[Tensor]:
    """Yield the centers of all pictures of a folder and those below it."""
    square = Preprocess(input_size=(SIDE, SIDE), resize=SIDE)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGES:
            pixels = fit_to_input(open_image(path), square)
            yield torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def main() -> None:
    """Write the file."""
    magnitudes = mean_magnitudes(photographs(Path(sys.argv[1])))
    OUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(OUT, magnitudes=magnitudes.numpy().astype(np.float16))


if __name__ == "__main__":
    main()
