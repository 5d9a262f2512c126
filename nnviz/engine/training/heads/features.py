"""Features of a frozen backbone: the input of its last linear layer, in batches."""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from nnviz.base.errors import InputError, ModelError
from nnviz.base.events import Progress
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.models.model import Model
from nnviz.media.decode import open_image

_BATCH = 4
"""Images of a pass: maps of more do not stay in the processor's cache, which took half
as long again (EfficientNet-Lite0, 224 px)."""
_NO_HEAD = "pick a classifier that ends in a linear layer, as bundled:imagenet"


def head_layer(model: Model, pixels: Tensor, check: Callable[[], None]) -> str:
    """Return the name of the linear layer whose output is the network's.

    Args:
        model: any network.
        pixels: one image as the network gets it, (1, C, H, W) in [0, 1].
        check: raises to stop.

    Raises:
        ModelError: the network does not end in one.
    """
    linear: list[str] = [
        n for n, each in model.net.named_modules() if isinstance(each, nn.Linear)
    ]
    if not linear:
        raise ModelError(model.info.title, "has no linear layer to replace", _NO_HEAD)
    passes = model.pixel_model(check)
    with torch.no_grad():
        features = passes.input_to(pixels, linear[-1])
        given = model.net.get_submodule(linear[-1])(features)
        output = passes.outputs(pixels)[0]
    if features.ndim != len("nd") or not torch.allclose(given, output, atol=1e-3):
        raise ModelError(
            model.info.title, f"does not end in its last linear layer, {linear[-1]}",
            _NO_HEAD,
        )  # fmt: skip
    return linear[-1]


def compute_features(
    model: Model,
    layer: str,
    files: Sequence[Path],
    cache: TensorCache,
    check: Callable[[], None],
) -> Generator[Progress, None, Tensor]:
    """Compute what a layer is given for each image; what is known is not computed anew.

    Args:
        model: the backbone.
        layer: its last linear layer.
        files: of the images.
        cache: keeps the features by file.
        check: raises to stop.

    Returns:
        float32 (N, D) on the CPU.

    Raises:
        InputError: a file is missing, or no image.
    """
    passes = model.pixel_model(check, model.twin())
    found: list[Tensor] = []
    for start in range(0, len(files), _BATCH):
        part = files[start : start + _BATCH]
        keys = {path: (_key(model), layer, *_stamp(path)) for path in part}
        missing = [path for path, key in keys.items() if cache.peek(key) is None]
        computed: dict[Path, Tensor] = {}
        if missing:
            features = _pass(model, passes.input_to, layer, missing)
            computed = dict(zip(missing, features, strict=True))
        found += [cache.get(keys[each], partial(computed.pop, each)) for each in part]
        yield Progress(len(found), len(files), f"image {len(found)} of {len(files)}")
    return torch.stack(found)


def prepare_features(
    model: Model, files: Sequence[Path], cache: TensorCache, check: Callable[[], None]
) -> Generator[Progress, None, int]:
    """Compute the features of images ahead of teaching; return how many are known.

    Files that cannot be read are passed over: teaching says what is wrong with them.

    Raises:
        ModelError: the network does not end in a linear layer.
    """
    layer, known = "", 0
    for place, path in enumerate(files):
        try:
            layer = layer or head_layer(
                model, model.pixel_input(open_image(path)), check
            )
            yield from compute_features(model, layer, [path], cache, check)
            known += 1
        except (InputError, OSError):
            continue
        yield Progress(place + 1, len(files), f"image {place + 1} of {len(files)}")
    return known


@torch.no_grad()
def _pass(
    model: Model,
    run: Callable[[Tensor, str], Tensor],
    layer: str,
    paths: Sequence[Path],
) -> tuple[Tensor, ...]:
    """Return the features of a batch, (D,) each; alone where shapes differ."""
    pixels = [model.pixel_input(open_image(path)) for path in paths]
    alike = {each.shape for each in pixels}
    several = len(alike) == 1 and model.info.takes_several
    groups = [torch.cat(pixels)] if several else pixels
    features = torch.cat([run(group, layer) for group in groups]).float().cpu()
    return tuple(each.clone() for each in features)  # each is kept by itself


def _key(model: Model) -> str:
    return f"features {model.info.sha256} {model.info.preprocess}"


def _stamp(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size
