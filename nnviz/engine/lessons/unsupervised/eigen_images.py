"""Eigen-images: an image compressed by the principal components of its patches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.parameters import Essential, Help, Range, Title, Unit
from nnviz.base.results import ColorImage, Curves, Mosaic, Report
from nnviz.engine.lessons.arithmetic.embedding.pca import PrincipalComponents, analyze
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_SHOWN = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EigenImagesParams:
    """Parameters: the patch size, and the maximum number of components."""

    patch: Annotated[
        int,
        Range(2, 16),
        Essential(),
        Unit("px"),
        Title("Patch side"),
        Help("Side of a square patch."),
    ] = 8
    keep: Annotated[
        int,
        Range(1, 64),
        Essential(),
        Title("Components kept"),
        Help("Components kept in the last step; the steps before keep fewer."),
    ] = 16
    side: Annotated[
        int,
        Essential(),
        Range(64, 512),
        Title("Longest side"),
        Unit("px"),
        Help("The image is first resized to this."),
    ] = 256


@register(
    "eigen_images",
    title="Eigen-images and compression",
    group="Learn",
    live=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Unsupervised learning", 3),
)
class EigenImages:
    """Lesson: an image compressed to a few coefficients a patch."""

    Params: ClassVar[type] = EigenImagesParams
    shows: ClassVar[str] = (
        "The image is cut into patches; their principal components are patches too. "
        "Each patch is reconstructed from the first few of them."
    )
    reading: ClassVar[str] = (
        "The first components are flat and smooth, later ones hold edges and "
        "texture. With 16 of 192 numbers per patch little is lost."
    )
    misleads: ClassVar[str] = (
        "The components are this image's own and have to be stored too; JPEG uses "
        "cosines, which come close and are the same for all images."
    )
    presets: ClassVar[Presets] = {"demo": {"keep": 6, "side": 128}}

    def run(self, ctx: Context, params: EigenImagesParams) -> Iterator[Report]:
        """Yield a report for each number of components that are kept."""
        pixels = shrink(ctx.image.as_float(), params.side, params.patch)
        patches = cut(pixels, params.patch)
        found = analyze(patches)
        keep = min(params.keep, len(found.axes))
        stops = sorted({*range(1, min(keep, 12) + 1), *range(16, keep, 4), keep})
        reports = _reports(params, pixels, found, stops)
        yield from stepped(ctx, reports, len(stops), "reconstruction")


def shrink(pixels: NDArray[np.float32], side: int, patch: int) -> Numbers:
    """Downscale an image to about a longest side, cropped to whole patches.

    A side shorter than a patch is extended to one by its border.
    """
    missing = [(0, max(0, patch - length)) for length in pixels.shape[:2]]
    pixels = np.pad(pixels, (*missing, (0, 0)), mode="edge")
    shortest, longest = sorted(pixels.shape[:2])
    factor = max(1, min(round(longest / side), shortest // patch))
    height, width = (length // factor for length in pixels.shape[:2])
    if factor > 1:
        rows = pixels[: height * factor, : width * factor]
        pixels = rows.reshape(height, factor, width, factor, -1).mean(axis=(1, 3))
    height, width = (length // patch * patch for length in pixels.shape[:2])
    return pixels[:height, :width].astype(np.float64)


def cut(pixels: Numbers, patch: int) -> Numbers:
    """Cut an image (H, W, C) into patches (N, patch · patch · C), row by row."""
    height, width, channels = pixels.shape
    cells = pixels.reshape(height // patch, patch, width // patch, patch, channels)
    return cells.transpose(0, 2, 1, 3, 4).reshape(-1, patch * patch * channels)


def join(patches: Numbers, size: tuple[int, int], patch: int) -> Numbers:
    """Reassemble the image from the patches of ``cut``."""
    height, width = size
    cells = patches.reshape(height // patch, width // patch, patch, patch, -1)
    return cells.transpose(0, 2, 1, 3, 4).reshape(height, width, -1)


def _reports(
    params: EigenImagesParams,
    pixels: Numbers,
    found: PrincipalComponents,
    stops: list[int],
) -> Iterator[tuple[Mapping[str, float], Report]]:
    height, width, channels = pixels.shape
    numbers = params.patch**2 * channels
    shares = np.cumsum(found.shares)
    errors: list[float] = []
    for index, keep in enumerate(stops, 1):
        restored = join(found.restore(keep), (height, width), params.patch)
        errors.append(float(np.sqrt(np.square(restored - pixels).mean())))
        results = {
            "restored": _picture(restored),
            "image": _picture(pixels),
            "components": _mosaic(found, params.patch, channels, keep),
            "error": Curves(
                x=np.array(stops[:index], np.float64),
                series={"error": 255 * np.array(errors)},
                x_label="components kept",
                y_label="root mean square error, /255",
            ),
        }
        ratio = numbers / keep
        notes = (
            f"{keep} of {numbers} numbers per patch: {ratio:.0f} times fewer",
            f"{100 * shares[keep - 1]:.1f} % of the variance",
            f"error {255 * errors[-1]:.1f}/255",
        )
        yield {"error": errors[-1], "kept": float(keep)}, Report(results, notes)


def _picture(pixels: Numbers) -> ColorImage:
    channels = pixels.shape[2]
    shown = pixels[..., :3] if channels >= 3 else pixels[..., :1]  # noqa: PLR2004
    return ColorImage(pixels=np.clip(shown, 0, 1).astype(np.float32))


def _mosaic(found: PrincipalComponents, patch: int, channels: int, keep: int) -> Mosaic:
    tiles = found.axes[:_SHOWN].reshape(-1, patch, patch, channels)
    tiles = tiles if channels == 3 else tiles.mean(axis=-1)  # noqa: PLR2004
    shares = 100 * found.shares
    return Mosaic(
        tiles=tiles.astype(np.float32),
        order=np.arange(min(keep, len(tiles))),
        captions=tuple(
            f"{index + 1}: {shares[index]:.1f} %" for index in range(len(tiles))
        ),
        signed=True,
        shared_scale=False,
        unit="load",
        noun="component",
        layer="",
    )
