"""Dream of a photograph of 4000 x 3000 px; print the memory and what borders show.

Prints, a line each: ``added``, bytes at most beyond those in use before the dream;
``seam``, of result minus source, the mean step across the borders of tiles divided by
that elsewhere; ``tiles``, how many there are.
"""

import math
import resource
import sys

import numpy as np
import psutil
import torch
from PIL import Image as PillowImage
from skimage import data

from nnviz.base.images import image_from_array
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.ops.sizes import SizeTrial
from nnviz.engine.ops.tiles import tiling
from nnviz.engine.session import Session

MODEL = ModelRequest(reference="bundled:objects", device="cpu")
SIZE = (3000, 4000)
SEED = 0


def finish(job) -> object:
    while True:
        try:
            next(job)
        except StopIteration as stop:
            return stop.value


def borders_and_rest(change: np.ndarray, places: list[int]) -> tuple[float, float]:
    """Return the mean step from column to column at some places and elsewhere."""
    steps = np.array(
        [
            np.abs(change[:, i] - change[:, i - 1]).mean()
            for i in range(1, change.shape[1])
        ]
    )
    at = np.zeros(len(steps), bool)
    at[[place - 1 for place in places]] = True
    return float(steps[at].mean()), float(steps[~at].mean())


def seam(
    change: np.ndarray, session: Session, layer: str, side: int
) -> tuple[float, int]:
    """Return the steps across the borders of the last step's tiles to those elsewhere.

    What was drawn for the rolling of the picture is drawn again.
    """
    model = finish(session.store.open(MODEL, lambda: None))
    spans = SizeTrial(model.net, 3, {layer: 1}, (128, 128)).spans()
    tiles = tiling(side, spans)
    jitter = 32 if tiles.exact(SIZE) else max(32, side // 2)
    generator = torch.Generator().manual_seed(SEED)
    shift = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
    laid = list(tiles.tiles(SIZE))
    found = []
    for axis, picture in ((0, change.transpose(1, 0, 2)), (1, change)):
        stretches = [tile.rows if axis == 0 else tile.columns for tile in laid]
        places = {
            int(edge - shift[axis]) % SIZE[axis]
            for each in stretches
            for edge in (each.first, each.last, each.start, each.stop)
            if math.isfinite(edge)
        } - {0}
        found.append(borders_and_rest(picture, sorted(places)))
    ratios = [across / elsewhere for across, elsewhere in found]
    return max(ratios, key=lambda ratio: abs(ratio - 1)), len(laid)


def main(layer: str, octaves: int, steps: int) -> None:
    session = Session()
    finish(session.job(LoadModel(MODEL), lambda: None))
    small = PillowImage.fromarray(data.coffee()).resize((1000, 750))
    photo = image_from_array(np.asarray(small.resize((SIZE[1], SIZE[0]))).copy())
    before = psutil.Process().memory_info().rss
    values = {"layer": layer, "octaves": octaves, "steps": steps}
    request = RunMethod(
        method="deep_dream", model=MODEL, image=photo, values=values, seed=SEED
    )
    run = finish(session.job(request, lambda: None))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    change = run.report["dream"].pixels - photo.as_float()
    ratio, tiles = seam(change, session, layer, run.recipe.chunks[0])
    print(f"added {peak - before}\nseam {ratio}\ntiles {tiles}")


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
