"""Print how optimized pictures compare with the best of many photographs, unit by unit.

Each channel of some layers of bundled:objects gets its picture by
``activation_maximization``; its activation, seen plainly with no transforms, stands
beside the largest that any of the photographs reaches.  Goal: larger for 95 % of the
channels.

Usage: python -m tests.benchmarks.programs.portraits FOLDER [--layers L ...]
    [--photographs 1000] [--steps 128] [--sheets FOLDER]
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nnviz.base.errors import InputError
from nnviz.base.file_formats import IMAGES
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.engine.models.model import Model
from nnviz.engine.nn.feature_maps import channels_of
from nnviz.media.decode import open_image
from nnviz.media.encode import write_png
from tests.benchmarks.engine import finish, never

MODEL = ModelRequest(reference="bundled:objects", device="cpu")
LAYERS = ("stage2", "stage3", "stage4")
AT_ONCE = 9
"""Channels of one run: a sheet of three rows."""
GAP = 2


def photographs(folder: Path, count: int, model: Model) -> Iterator[Tensor]:
    """Yield so many pictures of a folder and those below it, evenly taken."""
    paths = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in IMAGES]
    if len(paths) < count:
        raise InputError(str(folder), f"holds {len(paths)} pictures, {count} are asked")
    for place in range(count):
        yield model.pixel_input(open_image(paths[place * len(paths) // count]))


def activations(model: Model, layers: tuple[str, ...], pixels: Tensor) -> dict:
    """Return by layer the means over places and the largest values, (2, N, C)."""
    with torch.no_grad():
        maps = model.feature_extractor(layers, never)(pixels, frozenset(layers))
    return {
        layer: torch.stack([found.mean((2, 3)), found.amax((2, 3))])
        for layer, found in maps.items()
    }


def best_photographs(
    model: Model, layers: tuple[str, ...], folder: Path, count: int
) -> dict:
    """Return by layer the largest of all photographs, (2, C)."""
    best: dict[str, Tensor] = {}
    for pixels in photographs(folder, count, model):
        for layer, found in activations(model, layers, pixels).items():
            best[layer] = torch.maximum(best.get(layer, found[:, 0]), found[:, 0])
    return best


def portraits(session: Session, layer: str, channels: range, steps: int) -> np.ndarray:
    """Return the sheet of some channels' pictures."""
    values = {
        "layer": layer,
        "channel": -1,
        "channels": f"{channels[0]}-{channels[-1]}",
        "steps": steps,
    }
    request = RunMethod(method="activation_maximization", model=MODEL, values=values)
    return finish(session.job(request, never)).report["picture"].pixels


def tiles(sheet: np.ndarray, count: int, side: int) -> Tensor:
    """Return the pictures of a sheet, (count, C, side, side)."""
    columns = (sheet.shape[1] + GAP) // (side + GAP)
    corners = [divmod(place, columns) for place in range(count)]
    found = [
        sheet[y * (side + GAP) :, x * (side + GAP) :][:side, :side] for y, x in corners
    ]
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2)


def sheet_of(
    session: Session, layer: str, channels: range, chosen: argparse.Namespace
) -> np.ndarray:
    """Return the sheet of some channels' pictures, from its file where there is one."""
    if not chosen.sheets:
        return portraits(session, layer, channels, chosen.steps)
    file = chosen.sheets / f"{layer}-{channels[0]:03}.png"
    if not file.exists():
        sheet = portraits(session, layer, channels, chosen.steps)
        write_png(file, (255 * sheet).round().astype(np.uint8))
    return open_image(file).as_float()


def compare(
    session: Session, model: Model, layer: str, best: Tensor, chosen: argparse.Namespace
) -> str:
    """Return a line of the table."""
    count = channels_of(model.info.known_layer(layer))
    side = model.info.preprocess.input_size[0]
    reached = []
    for start in range(0, count, AT_ONCE):
        some = range(start, min(start + AT_ONCE, count))
        pictures = tiles(sheet_of(session, layer, some, chosen), len(some), side)
        found = activations(model, (layer,), pictures)[layer]
        # Of each picture the channel that it was made for.
        reached.append(found[:, range(len(some)), some])
    means, peaks = torch.cat(reached, 1)
    larger = (means > best[0]).double().mean() * 100
    peak_larger = (peaks > best[1]).double().mean() * 100
    ratio = (means / best[0]).nanmedian()
    below = (means <= best[0]).nonzero().flatten().tolist()
    return (
        f"{layer:<10} {count:5} {larger:11.1f} % {ratio:13.2f} {peak_larger:14.1f} %"
        f"   {below or ''}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", nargs="*", default=LAYERS)
    parser.add_argument("--photographs", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=128)
    parser.add_argument("--sheets", type=Path)
    chosen = parser.parse_args()
    session = Session()
    finish(session.job(LoadModel(MODEL), never))
    model = finish(session.store.open(MODEL, never))
    layers = tuple(chosen.layers)
    best = best_photographs(model, layers, chosen.folder, chosen.photographs)
    print(
        f"pictures of {chosen.steps} steps against the best of "
        f"{chosen.photographs} photographs"
    )
    print(
        "layer      units  mean larger  median ratio    peak larger   mean not larger"
    )
    for layer in layers:
        print(compare(session, model, layer, best[layer], chosen), flush=True)


if __name__ == "__main__":
    main()
