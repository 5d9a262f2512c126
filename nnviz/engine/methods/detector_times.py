"""Runtime comparison of R-CNN, Fast R-CNN, Faster R-CNN and SSD on one image."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nnviz.base.info import Capabilities, Reference
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Ranking, Report, Table
from nnviz.engine.detection.warped_regions import working_image
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.proposals.selective_search import search

_SIDE = 224
"""px: side of a region that R-CNN warps."""
_SAMPLE = 8
"""Number of regions that R-CNN is timed on; all take the same time."""
_TOGETHER = 4
_TWO_STAGE = "fasterrcnn_resnet50_fpn"
_PUBLISHED = {
    "R-CNN": 50.0,
    "Fast R-CNN": 2.0,
    "Faster R-CNN": 0.2,
    "SSD300": 0.022,
}
"""Seconds per image on contemporary GPUs, with VGG-16, including proposals: Ren et al.
2015 (arXiv:1506.01497), Liu et al. 2016 (arXiv:1512.02325)."""
_COLUMNS = (
    "detector",
    "finding regions, s",
    "network, s",
    "together, s",
    "published, s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorTimesParams:
    """Parameters: the number of regions, and whether to measure."""

    regions: Annotated[
        int,
        Range(1, 2000, log=True),
        Essential(),
        Help("Proposals that R-CNN and Fast R-CNN classify; 2,000 in the papers."),
    ] = 2000
    timed: Annotated[
        bool,
        Essential(),
        Title("Measure"),
        Help("Off: only the published times are shown."),
    ] = True


@register(
    "detector_times",
    title="Speed of detectors",
    group="Inspect",
    capabilities=Capabilities(workspace="Inspect"),
    live=False,
    needs_model=False,
    reference=Reference("Ren et al. 2015", "arXiv:1506.01497"),
)
class DetectorTimes:
    """Runtimes of R-CNN, Fast R-CNN, Faster R-CNN and SSD on one image."""

    Params: ClassVar[type] = DetectorTimesParams
    shows: ClassVar[str] = (
        "The time of four detectors on your image: R-CNN runs a network on every "
        "region, Fast R-CNN once with pooling for each region, Faster R-CNN finds the "
        "regions itself, SSD needs none."
    )
    reading: ClassVar[str] = (
        "From R-CNN to Fast R-CNN the passes shrink to one, and finding the regions is "
        "what takes longest; Faster R-CNN lets the network find them; SSD needs no "
        "second stage."
    )
    misleads: ClassVar[str] = (
        "The networks have random weights, which take as long as learned ones but say "
        "nothing. The first three have ResNet-50, SSD300 has VGG-16. Other work on "
        "this machine makes all of them slower."
    )
    presets: ClassVar[Presets] = {
        "demo": {"timed": False},
        "150 regions": {"regions": 150},
    }

    def run(self, ctx: Context, params: DetectorTimesParams) -> Iterator[Report]:
        """Yield a report after each detector, the slowest last."""
        ctx.check()
        found: dict[str, _Times] = {}
        if not params.timed:
            yield _report(found, ())
            return
        measured = _measured(ctx, params)
        for done, (name, times) in enumerate(measured, 1):
            found[name] = times
            ctx.step(done, len(_PUBLISHED), name)
            yield _report(found, _notes(ctx, params))


@dataclass(frozen=True, slots=True)
class _Times:
    """Runtime of a detector on an image, s.

    Attributes:
        regions: time of the region proposals without the network.
        network: of the passes.
    """

    regions: float
    network: float

    @property
    def together(self) -> float:
        """Total of regions and network, s."""
        return self.regions + self.network


def _measured(
    ctx: Context, params: DetectorTimesParams
) -> Iterator[tuple[str, _Times]]:
    """Yield each detector's name and runtime."""
    pixels, _ = working_image(ctx.image)
    image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
    yield "SSD300", _Times(0, _whole_seconds("ssd300_vgg16", image))
    ctx.check()
    yield "Faster R-CNN", _Times(0, _whole_seconds(_TWO_STAGE, image))
    began = time.perf_counter()
    boxes = _proposals(ctx, pixels, params.regions)
    searched = time.perf_counter() - began
    yield "Fast R-CNN", _Times(searched, _pooled_seconds(image, boxes))
    ctx.check()
    yield "R-CNN", _Times(searched, _warped_seconds(ctx, image, boxes))


def _proposals(ctx: Context, pixels: NDArray[np.float32], count: int) -> Tensor:
    """Return the proposals of selective search, (n, 4) corners, px."""
    random = np.random.default_rng(int(ctx.generator.initial_seed()))
    *_, found = search(pixels, "fast", random, ctx.check)
    return torch.from_numpy(found[:count])


@torch.inference_mode()
def _seconds(work: Callable[[], object]) -> float:
    """Return the shorter of two runtimes; the first run also fills caches."""
    spent = []
    for _ in range(2):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return min(spent)


def _random(architecture: str) -> nn.Module:
    """Return a torchvision network with random weights, in eval mode."""
    from nnviz.engine.models import zoo  # noqa: PLC0415 -- torchvision takes 2 s

    return zoo.random_network(architecture, 0).eval()


def _whole_seconds(architecture: str, image: Tensor) -> float:
    """Return the runtime of a detector that proposes its own regions."""
    detector = _random(architecture)
    return _seconds(lambda: detector([image]))


def _pooled_seconds(image: Tensor, boxes: Tensor) -> float:
    """Return the runtime of one pass, with RoI pooling and two layers per region."""
    detector = _random(_TWO_STAGE)

    def work() -> None:
        images, _ = detector.get_submodule("transform")([image])
        scale = images.image_sizes[0][0] / image.shape[1]
        features = detector.get_submodule("backbone")(images.tensors)
        heads = detector.get_submodule("roi_heads")
        heads(features, [scale * boxes], images.image_sizes)

    return _seconds(work)


def _warped_seconds(ctx: Context, image: Tensor, boxes: Tensor) -> float:
    """Return the runtime of a pass per region, extrapolated from a sample."""
    from torchvision.ops import roi_align  # noqa: PLC0415 -- 2 s, at its first use

    classifier, sample = _random("resnet50"), boxes[:_SAMPLE]

    def work() -> None:
        for part in torch.split(sample, _TOGETHER):
            ctx.check()
            classifier(roi_align(image[None], [part], (_SIDE, _SIDE), aligned=True))

    return _seconds(work) * len(boxes) / len(sample)


def _report(found: dict[str, _Times], notes: tuple[str, ...]) -> Report:
    rows: list[tuple[str | float, ...]] = []
    for name, published in _PUBLISHED.items():
        times = found.get(name)
        measured: tuple[str | float, ...] = ("–",) * 3
        if times is not None:
            measured = (times.regions, times.network, times.together)
        rows.append((name, *measured, published))
    table = Table(columns=_COLUMNS, rows=tuple(rows))
    return Report({"times": table, **_bars(found)}, notes)


def _bars(found: dict[str, _Times]) -> dict[str, Ranking]:
    """Return the runtimes as bars, the longest first; empty without measurements."""
    names = sorted(found, key=lambda name: -found[name].together)
    if not names:
        return {}
    return {
        "bars": Ranking(
            labels=tuple(names),
            values=np.array([found[name].together for name in names]),
            indices=np.array([[*_PUBLISHED].index(name) for name in names], np.int64),
            unit="seconds per image",
        )
    }


def _notes(ctx: Context, params: DetectorTimesParams) -> tuple[str, ...]:
    pixels, _ = working_image(ctx.image)
    size = f"{pixels.shape[1]} × {pixels.shape[0]} px"
    return (
        f"searched and detected at {size}, {params.regions} regions at most",
        f"R-CNN: measured on {_SAMPLE} regions and multiplied",
    )
