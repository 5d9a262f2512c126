"""FCN, DeconvNet, SegNet, U-Net and SharpMask on one image, trained identically."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.class_colors import class_colors
from nnviz.base.parameters import Essential, Help, ImageFile, Lowest, Range, Title
from nnviz.base.preprocess import Preprocess
from nnviz.base.results import Mask, Mosaic, Report, Result, Table
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.models.bundled import bundled_score, open_bundled, own_preprocess
from nnviz.engine.models.model import Normalizer, fit_to_input
from nnviz.engine.models.opened import Opened
from nnviz.engine.models.references import BundledReference
from nnviz.engine.nn.layer_info import count_parameters
from nnviz.engine.nn.timing import measure_layers
from nnviz.engine.training.segmenter import (
    PIXEL_CLASSES,
    confusion,
    intersection_over_union,
)

NETWORKS: Mapping[str, str] = {
    "scenes-fcn32": "FCN-32s",
    "scenes-fcn16": "FCN-16s",
    "scenes-fcn8": "FCN-8s",
    "scenes-deconvnet": "DeconvNet",
    "scenes-segnet": "SegNet",
    "scenes-unet": "U-Net",
    "scenes-sharpmask": "SharpMask",
}
"""From the name of a bundled network to that of its architecture."""
_SIDE = 96
"""Of a generated scene, px: the networks' own input."""
_OPACITY = 0.6
_PERCENT, _MILLION, _MS = 100, 1e6, 1000
_UNKNOWN = "–"
_COLUMNS = (
    "network",
    "mean IoU here, %",
    "mean IoU on 1000 scenes, %",
    "parameters, millions",
    "one pass, ms",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationDecodersParams:
    """Parameters: the image for all networks."""

    scene: Annotated[
        int,
        Range(0, 999),
        Essential(),
        Help("Number of a generated scene that no network was trained on."),
    ] = 18
    passes: Annotated[
        int,
        Range(0, 20),
        Lowest("none"),
        Essential(),
        Help("Forward passes over which each network is timed; 0 skips the timing."),
    ] = 3
    own: Annotated[
        ImageFile,
        Essential(),
        Title("Own image"),
        Help("An image to use instead of the scene; its true classes are unknown."),
    ] = ""


@register(
    "segmentation_decoders",
    title="Segmentation decoders",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Long, Shelhamer & Darrell 2015", "arXiv:1411.4038"),
    capabilities=lesson("Architectures", 6),
)
class SegmentationDecoders:
    """Lesson: FCN, DeconvNet, SegNet, U-Net and SharpMask on one image."""

    Params: ClassVar[type] = SegmentationDecodersParams
    shows: ClassVar[str] = (
        "The masks of small networks that share their encoder, their training "
        "scenes and their recipe, and differ in the decoder alone; with their mean "
        "IoU, here and on held-out scenes, their size and their time."
    )
    reading: ClassVar[str] = (
        "FCN adds ever finer maps: from 32 to 8 px a cell, corners come out. "
        "SegNet and DeconvNet put values back where pooling found its maxima: "
        "borders are fine, but the class must pass through the coarsest maps. "
        "U-Net and SharpMask hand the encoder's maps over, whole or narrowed."
    )
    misleads: ClassVar[str] = (
        "The networks were trained for minutes on drawn shapes: the order may "
        "differ from the papers', which trained for days on real images. One scene "
        "is chance; compare the means."
    )
    presets: ClassVar[Presets] = {"demo": {"passes": 0}, "another scene": {"scene": 7}}

    def run(self, ctx: Context, params: SegmentationDecodersParams) -> Iterator[Report]:
        """Yield a report for each network, with the networks before it."""
        subject = _subject(ctx, params)
        reports = _reports(ctx, subject, params.passes)
        yield from stepped(ctx, reports, len(NETWORKS), "network")


@dataclass(frozen=True, slots=True, eq=False)
class _Subject:
    """The image, (H, W, 3) in [0, 1], and its true classes (H, W) if known."""

    pixels: NDArray[np.float32]
    truth: NDArray[np.int64] | None


def _subject(ctx: Context, params: SegmentationDecodersParams) -> _Subject:
    if params.own:
        preprocess = own_preprocess(next(iter(NETWORKS)))
        fitted = fit_to_input(ctx.files.image(params.own), preprocess)
        return _Subject(fitted.astype(np.float32), None)
    scene = make_scene(params.scene, _SIDE, shapes=(1, 5))
    pixels = scene.pixels.astype(np.float32) / np.float32(255)
    return _Subject(pixels, scene.semantic.astype(np.int64))


def _reports(
    ctx: Context, subject: _Subject, passes: int
) -> Iterator[tuple[Mapping[str, float], Report]]:
    """Yield the figures of each network with all masks so far."""
    masks: dict[str, Mask] = {}
    rows: list[tuple[str | float, ...]] = []
    if subject.truth is not None:
        masks["truth"] = _mask(subject.truth, np.ones(subject.truth.shape, np.float32))
    for name, title in NETWORKS.items():
        opened = open_bundled(BundledReference(name), ctx.check)
        inputs = _normalized(subject, opened.preprocess)
        mask, overlap = _segment(opened, inputs, subject)
        masks[title] = mask
        rows.append(
            (
                title,
                _UNKNOWN if np.isnan(overlap) else overlap,
                bundled_score(name) or _UNKNOWN,
                count_parameters(opened.net) / _MILLION,
                _milliseconds(ctx, opened, inputs, passes),
            )
        )
        results: dict[str, Result] = {
            "side_by_side": _tiles(subject, masks, rows),
            "networks": Table(columns=_COLUMNS, rows=tuple(rows)),
            **masks,
        }
        yield {"mean IoU, %": overlap}, Report(results, _notes(subject))


def _milliseconds(
    ctx: Context, opened: Opened, inputs: Tensor, passes: int
) -> str | float:
    if not passes:
        return _UNKNOWN
    return _MS * measure_layers(opened.net, inputs, passes, ctx.check)[""]


def _normalized(subject: _Subject, preprocess: Preprocess) -> Tensor:
    """Normalize the image to the network's input, (1, 3, H, W)."""
    pixels = torch.from_numpy(subject.pixels).permute(2, 0, 1)[None]
    inputs: Tensor = Normalizer(preprocess)(pixels)
    return inputs


@torch.no_grad()
def _segment(opened: Opened, inputs: Tensor, subject: _Subject) -> tuple[Mask, float]:
    """Return a network's mask and its mean IoU, %; NaN without known classes."""
    confidence, classes = opened.net(inputs)[0].softmax(0).max(0)
    mask = _mask(classes.numpy(), confidence.numpy())
    if subject.truth is None:
        return mask, float("nan")
    counts = confusion(classes, torch.tensor(subject.truth), len(PIXEL_CLASSES))
    return mask, _PERCENT * float(intersection_over_union(counts).mean())


def _mask(classes: NDArray[np.int64], confidence: NDArray[np.float32]) -> Mask:
    return Mask(classes=classes, confidence=confidence, labels=PIXEL_CLASSES)


def _tiles(
    subject: _Subject, masks: Mapping[str, Mask], rows: list[tuple[str | float, ...]]
) -> Mosaic:
    """Return the image with the masks overlaid, as tiles of one size."""
    captions = ["image", *(["truth"] if "truth" in masks else [])]
    captions += [_caption(title, here) for title, here, *_ in rows]
    tiles = [subject.pixels, *(_overlay(subject, each) for each in masks.values())]
    return Mosaic(
        tiles=np.stack(tiles),
        order=np.arange(len(tiles), dtype=np.int64),
        captions=tuple(captions),
        signed=False,
        shared_scale=True,
        unit="brightness",
        noun="network",
        layer="",
        room=1 + len(masks) - len(rows) + len(NETWORKS),
    )


def _caption(title: str | float, here: str | float) -> str:
    return str(title) if here == _UNKNOWN else f"{title}, IoU {here:.0f} %"


def _overlay(subject: _Subject, mask: Mask) -> NDArray[np.float32]:
    """Overlay the classes' colors on the image, (H, W, 3)."""
    colors = np.array(class_colors(mask.labels), np.float32)[mask.classes] / 255
    share = _OPACITY * (mask.classes != mask.background)[..., None]
    painted: NDArray[np.float32] = subject.pixels * (1 - share) + colors * share
    return painted.astype(np.float32)


def _notes(subject: _Subject) -> tuple[str, ...]:
    size = f"{subject.pixels.shape[1]} × {subject.pixels.shape[0]} px"
    if subject.truth is None:
        return (size, "the true mask is unknown: compare the networks by eye")
    shapes = ", ".join(PIXEL_CLASSES[kind] for kind in np.unique(subject.truth) if kind)
    return (size, f"the scene shows: {shapes}")
