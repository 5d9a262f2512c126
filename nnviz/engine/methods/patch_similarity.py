"""Patch similarity: the cosine of one position's features with those of all others."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch.nn import functional

from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.info import INSPECTION, Need, Reference
from nnviz.base.parameters import Help, LayerKinds, LayerName
from nnviz.base.results import Report
from nnviz.engine.attribution.heatmaps import both_sizes
from nnviz.engine.attribution.patches import cell_at, choose_features, cosine_map
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.feature_maps import maps_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSimilarityParams:
    """Parameters of patch similarity: the position and the layer."""

    x: ImageX = 0.5
    y: ImageY = 0.5
    layer: Annotated[
        LayerName,
        LayerKinds("spatial"),
        Help(
            "The layer whose features are compared. Empty: the deepest with a fine map."
        ),
    ] = ""


@register(
    "patch_similarity",
    title="Patch similarity",
    group="Inspect",
    capabilities=INSPECTION,
    live=True,
    reference=Reference("Caron et al. 2021", "arXiv:2104.14294"),
    needs=(Need.MAPS,),
)
class PatchSimilarity:
    """The cosine of one position's features with those of every other position."""

    Params: ClassVar[type] = PatchSimilarityParams
    shows: ClassVar[str] = (
        "Which parts of the image look alike to a layer: the cosine similarity of "
        "the features at the chosen position with those at every other position. "
        "Class and register tokens are left out."
    )
    reading: ClassVar[str] = (
        "Click on the image to choose the position. Red positions have features in "
        "the same direction, blue ones in the opposite direction; the chosen "
        "position itself is 1."
    )
    misleads: ClassVar[str] = (
        "Similar features do not mean similar content: after ReLUs all cosines are "
        "positive, and in deep layers neighbors are similar because each sees far "
        "around itself."
    )
    presets: ClassVar[Presets] = {"demo": {}, "left third": {"x": 0.33}}

    def run(self, ctx: Context, params: PatchSimilarityParams) -> Iterator[Report]:
        """Yield one report: "similarity" over the image, and "map", a value a cell."""
        layer = choose_features(ctx.model.info, params.layer)
        maps = maps_of(ctx.activations(layer.name), layer)[0].cpu()
        grid = (maps.shape[1], maps.shape[2])
        cell = cell_at(ctx.placement, params.x, params.y, grid)
        small = cosine_map(maps, cell)
        large = functional.interpolate(small[None, None], ctx.placement.input_size)
        cells = f"{grid[0]} x {grid[1]}"
        notes = (f"layer {layer.name}, row {cell[0]}, column {cell[1]} of {cells}",)
        results = both_sizes(
            "similarity", large[0, 0].numpy(), small.numpy(), "cosine", ctx.placement
        )
        yield Report(results, notes)
