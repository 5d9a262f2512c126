"""Features of a frozen backbone: the inputs of its last linear layer, in batches."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
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
"""Images in a pass: maps of more exceed the processor's cache, which took half as long
again (EfficientNet-Lite0, 224 px)."""
_Key = tuple[str, str, str, int, int]
_NO_HEAD = "pick a classifier that ends in a linear layer, as bundled:imagenet"


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A backbone's features of images.

    Attributes:
        values: float32 (N, D) on the CPU, of the images that could be read.
        refused: the reason for each other file, by its index among the files.
    """

    values: Tensor
    refused: Mapping[int, str]


def first_readable(
    model: Model, files: Sequence[Path], check: Callable[[], None]
) -> Tensor:
    """Return the first readable image as the network's input, (1, C, H, W).

    Raises:
        InputError: no image can be read; gives the reason for the first.
    """
    first: InputError | None = None
    for path in files:
        check()
        try:
            return model.pixel_input(open_image(path))
        except InputError as error:
            first = first or error
    raise first or InputError("examples", "has no image", "add some")


def head_layer(model: Model, pixels: Tensor, check: Callable[[], None]) -> str:
    """Return the name of the linear layer that computes the network's output.

    Args:
        model: any network.
        pixels: one preprocessed image, (1, C, H, W) in [0, 1].
        check: raises to stop.

    Raises:
        ModelError: the last layer is not linear.
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
) -> Generator[Progress, None, Features]:
    """Compute a layer's input for each image, using the cache.

    Files that cannot be read are skipped.

    Args:
        model: the backbone.
        layer: its last linear layer.
        files: of the images.
        cache: stores the features by file.
        check: raises to stop.

    Raises:
        InputError: no file can be read.
    """
    passes = model.pixel_model(check, model.twin())
    found: list[Tensor] = []
    refused: dict[int, str] = {}
    for start in range(0, len(files), _BATCH):
        keys: dict[int, _Key] = {}
        missing: dict[int, Tensor] = {}
        for index, path in enumerate(files[start : start + _BATCH], start):
            try:
                keys[index] = (_model_key(model), layer, *_stamp(path))
                if cache.peek(keys[index]) is None:
                    missing[index] = model.pixel_input(open_image(path))
            except (InputError, OSError) as error:
                refused[index] = _reason(error)
                keys.pop(index, None)
        computed: dict[int, Tensor] = {}
        if missing:
            features = _pass(model, passes.input_to, layer, missing)
            computed = dict(zip(missing, features, strict=True))
        found += [
            cache.get(key, partial(computed.__getitem__, at))
            for at, key in keys.items()
        ]
        done = len(found) + len(refused)
        yield Progress(done, len(files), f"image {done} of {len(files)}")
    if not found:
        raise InputError(str(files[0]), refused[0], "give images that open")
    return Features(torch.stack(found), refused)


def prepare_features(
    model: Model, files: Sequence[Path], cache: TensorCache, check: Callable[[], None]
) -> Generator[Progress, None, int]:
    """Compute and cache features ahead of training; return the number cached.

    Unreadable files are skipped: teaching reports them.

    Raises:
        ModelError: the network does not end in a linear layer.
    """
    layer, known = "", 0
    for index, path in enumerate(files):
        try:
            layer = layer or head_layer(
                model, first_readable(model, [path], check), check
            )
            yield from compute_features(model, layer, [path], cache, check)
            known += 1
        except InputError:
            continue
        yield Progress(index + 1, len(files), f"image {index + 1} of {len(files)}")
    return known


@torch.no_grad()
def _pass(
    model: Model,
    run: Callable[[Tensor, str], Tensor],
    layer: str,
    images: Mapping[int, Tensor],
) -> tuple[Tensor, ...]:
    """Return the features of a batch, (D,) each; one by one if shapes differ."""
    pixels = list(images.values())
    alike = {each.shape for each in pixels}
    several = len(alike) == 1 and model.info.takes_several
    groups = [torch.cat(pixels)] if several else pixels
    features = torch.cat([run(group, layer) for group in groups]).float().cpu()
    return tuple(each.clone() for each in features)  # each is stored separately


def _model_key(model: Model) -> str:
    return f"features {model.info.sha256} {model.info.preprocess}"


def _stamp(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size


def _reason(error: InputError | OSError) -> str:
    if isinstance(error, InputError):
        return error.reason
    return (error.strerror or type(error).__name__).lower()
