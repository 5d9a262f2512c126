"""Dream of a photograph of 4000 x 3000 px; print the memory and what borders show.

Prints, a line each: ``added``, bytes at most beyond those in use before the dream;
``seam``, of result minus source, the mean step across the borders of tiles divided by
that elsewhere; ``tiles``, how many there are.
"""

import resource
import sys

import numpy as np
import psutil
import torch
from PIL import Image as PillowImage
from skimage import data

from nnviz.base.images import image_from_array
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.compute.tiling import tiling
from nnviz.engine.jobs import Session
from nnviz.engine.nn.input_sizes import SizeTrial

MODEL = ModelRequest(reference="bundled:objects", device="cpu")
SIZE = (3000, 4000)
PERIOD = (256, 384)
"""Multiples of all steps of the network, so that its grid lies alike everywhere."""
SEED = 0


def finish(job) -> object:
    while True:
        try:
            next(job)
        except StopIteration as stop:
            return stop.value


def photograph() -> np.ndarray:
    """Return a photograph beside itself, many times: each place has its equals."""
    height, width = PERIOD
    one = np.asarray(PillowImage.fromarray(data.coffee()).resize((width, height)))
    times = [-(-side // period) for side, period in zip(SIZE, PERIOD, strict=True)]
    return np.tile(one, (*times, 1))[: SIZE[0], : SIZE[1]].copy()


def borders_and_rest(
    change: np.ndarray, places: list[int], period: int
) -> tuple[float, float]:
    """Return the mean step into some columns, and into those of the same content."""
    steps = np.abs(np.diff(change, axis=1)).mean((0, 2))
    at, elsewhere = [], []
    for place in places:
        alike = range(place % period + period, len(steps) - period, period)
        at.append(steps[place - 1])
        elsewhere.append(np.mean([steps[i - 1] for i in alike if i not in places]))
    return float(np.mean(at)), float(np.mean(elsewhere))


def seam(
    change: np.ndarray, session: Session, layer: str, side: int
) -> tuple[float, int]:
    """Return the steps across the borders of tiles to those elsewhere.

    What was drawn for the rolling of the picture is drawn again.
    """
    model = finish(session.store.open(MODEL, lambda: None))
    spans = SizeTrial(model.net, 3, {layer: 1}, (128, 128)).spans()
    tiles = tiling(side, spans)
    jitter = 32 if tiles.exact(SIZE) else max(32, side // 2)
    generator = torch.Generator().manual_seed(SEED)
    shift = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
    laid = list(tiles.tiles(SIZE))
    ratios = []
    for axis, picture in ((0, change.transpose(1, 0, 2)), (1, change)):
        stretches = [tile.rows if axis == 0 else tile.columns for tile in laid]
        edges = {
            int(edge)
            for each in stretches
            for edge in (each.first, each.last, each.start, each.stop)
            if 0 < edge < SIZE[axis]
        }
        places = sorted({(edge - shift[axis]) % SIZE[axis] for edge in edges} - {0})
        if places:
            across, elsewhere = borders_and_rest(picture, places, PERIOD[axis])
            ratios.append(across / elsewhere)
    return max(ratios, key=lambda ratio: abs(ratio - 1)), len(laid)


def main(layer: str) -> None:
    session = Session()
    finish(session.job(LoadModel(MODEL), lambda: None))
    photo = image_from_array(photograph())
    before = psutil.Process().memory_info().rss
    # One step: with more, the borders would fall elsewhere each time.
    values = {"layer": layer, "octaves": 1, "steps": 1}
    request = RunMethod(
        method="deep_dream", model=MODEL, image=photo, values=values, seed=SEED
    )
    run = finish(session.job(request, lambda: None))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    change = run.report["dream"].pixels - photo.as_float()
    ratio, tiles = seam(change, session, layer, run.recipe.chunks[0])
    print(f"added {peak - before}\nseam {ratio}\ntiles {tiles}")


main(sys.argv[1])
