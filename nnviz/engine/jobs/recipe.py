"""Recipes of finished runs."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from nnviz.base.parameters import Value, values_of
from nnviz.base.recipes import Recipe, files_of
from nnviz.base.requests import RunMethod
from nnviz.base.shipped.distribution import VERSION
from nnviz.engine.jobs.runner import Steered, usable_threads
from nnviz.engine.method import Context, find

_LIBRARIES = ("torch", "torchvision", "numpy", "pillow")
"""Libraries that determine the last bits of a result."""


def recipe_of(
    request: RunMethod, asked: object, ctx: Context, changes: Steered
) -> Recipe:
    """Return the recipe of a finished run.

    Args:
        request: of the run.
        asked: the method's parameters before any were steered.
        ctx: context of the method.
        changes: steered parameters, by step.
    """
    info = ctx.model.info
    image, values = request.image, values_of(asked)
    return Recipe(
        method=request.method,
        values=values,
        model=info.reference,
        model_sha256=info.sha256,
        preprocess=info.preprocess,
        labels=Path(request.model.labels).name,
        task=request.model.task,
        outputs=request.model.outputs,
        unit=request.model.unit,
        image=Path(image.name).name if image else "",
        image_sha256=image.sha256 if image else "",
        pictures={
            name: " ".join(ctx.files.hashes[file] for file in files_of(value))
            for name, value in values.items()
            if _are_opened(value, ctx)
        },
        seed=request.seed,
        dtype=str(ctx.model.normalizer.mean.dtype).removeprefix("torch."),
        threads=usable_threads(request.threads) or torch.get_num_threads(),
        chunks=tuple(ctx.chunks.sizes),
        changes=changes,
        device=info.device,
        versions=versions(),
        adversarial=find(request.method).info.capabilities.adversarial,
    )


def _are_opened(value: Value, ctx: Context) -> bool:
    """Tell whether a parameter names image files that the method opened."""
    files = files_of(value)
    return bool(files) and all(file in ctx.files.hashes for file in files)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the numerical libraries."""
    return dict(_installed())


@cache
def _installed() -> tuple[tuple[str, str], ...]:
    """Return the installed versions; cached, since reading metadata is slow."""
    found = [("python", platform.python_version()), ("nnviz", VERSION)]
    for library in _LIBRARIES:
        try:
            found.append((library, version(library)))
        except PackageNotFoundError:
            continue
    return tuple(found)
