"""Finer-CAM: Grad-CAM of a class compared with the classes most similar to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.base.info import CLASS_ATTRIBUTION, Need, Reference, Task
from nnviz.base.parameters import Help, Range, Title
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import CamParams, grad_cam, gradient_report
from nnviz.engine.attribution.class_comparison import (
    class_index,
    compared,
    similar_classes,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.map_layers import choose_layers
from nnviz.engine.targets.resolve import ResolvedTarget, label


@dataclass(frozen=True, slots=True, kw_only=True)
class FinerCamParams(CamParams):
    """Parameters of Finer-CAM: those of a class activation map, and the comparison."""

    similar: Annotated[
        int,
        Title("Similar classes"),
        Range(1, 20),
        Help("Number of classes to compare with: those with the closest logits."),
    ] = 3
    alpha: Annotated[
        float,
        Title("Comparison strength"),
        Range(0, 2),
        Help("How much of the similar classes' logits is subtracted; 0 is Grad-CAM."),
    ] = 1.0


@register(
    "finer_cam",
    title="Finer-CAM",
    group="Explain",
    capabilities=CLASS_ATTRIBUTION,
    live=True,
    reference=Reference("Zhang et al. 2025", "arXiv:2501.11309"),
    tasks=(Task.CLASSIFY,),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class FinerCam:
    """Grad-CAM of a class's logit minus those of similar classes."""

    Params: ClassVar[type] = FinerCamParams
    shows: ClassVar[str] = (
        "Which regions speak for this class rather than for the classes most like it: "
        "Grad-CAM of the class's logit minus the mean logit of similar classes."
    )
    reading: ClassVar[str] = (
        "Bright regions distinguish the class from the similar ones, which the "
        "notes name: the beak that makes it this bird. Regions that all of them "
        "share stay dark. Compare with Grad-CAM, which shows those as well."
    )
    misleads: ClassVar[str] = (
        "A dark region may matter very much for the class, and as much for the "
        'others. "Similar" means similar logits on this image; the classes need '
        "not look similar. The map is as coarse as the layer."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "for and against": {"signed": True},
        "nearest class only": {"similar": 1},
    }

    def run(self, ctx: Context, params: FinerCamParams) -> Iterator[Report]:
        """Yield one report: "finer_cam" and "map", or a map of each layer."""
        info = ctx.model.info
        layers = choose_layers(info, params.layer, params.layers, params.target)
        named: list[str] = []

        def compare(target: ResolvedTarget, logits: Tensor) -> ResolvedTarget:
            others = similar_classes(logits[0], class_index(target), params.similar)
            if not others:
                raise ModelError(info.title, "knows one class only", "use grad_cam")
            named.extend(label(info, other) for other in others)
            return compared(target, logits, others, params.alpha)

        found = ctx.inference.layer_gradients(layers.layers, params.target, compare)
        report = gradient_report(
            "finer_cam", grad_cam, found, layers, ctx.placement, signed=params.signed
        )
        first, *rest = report.notes
        notes = (first, f"compared with {', '.join(named)}", *rest)
        yield Report(report.results, notes)
