"""What a layer sees in the photograph, exaggerated."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

from nnviz.base.info import Reference
from nnviz.base.parameters import (
    Help,
    LayerKinds,
    LayerName,
    Range,
    Steerable,
    Title,
    Unit,
)
from nnviz.base.results import Report
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.models.model import Precision
from nnviz.engine.ops.ascent import Ascent, StepRules
from nnviz.engine.ops.cam_layers import middle
from nnviz.engine.ops.climbing import climbed_report
from nnviz.engine.ops.comparing import compared
from nnviz.engine.ops.objectives import likeness
from nnviz.engine.ops.parametrisations import Spectrum
from nnviz.engine.ops.transforms import fitted, lucid_gentle

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CaricatureParams:
    """Which layer exaggerates, and how the picture is made."""

    layer: Annotated[
        LayerName,
        LayerKinds("spatial"),
        Help("Whose view of the photograph is exaggerated; left empty, a middle one."),
    ] = ""
    cosine_power: Annotated[
        float,
        Range(0, 10),
        Steerable(),
        Help("0 exaggerates freely; more keeps nearer to the photograph."),
    ] = 1.0
    steps: Annotated[int, Range(1, 4096, log=True), Help("How many steps.")] = 512
    learning_rate: Annotated[
        float, Range(0.0001, 100, log=True), Steerable(), Help("How large a step is.")
    ] = 0.05
    strength: Annotated[
        float,
        Range(0, 300),
        Unit("%"),
        Steerable(),
        Title("Strength of transforms"),
        Help(
            "How strongly picture and photograph are shifted, scaled and turned at "
            "random together; 100 % as in Lucid, 0 not at all."
        ),
    ] = 100.0
    total_variation: Annotated[
        float,
        Range(0, 100),
        Steerable(),
        Help("How much differences between neighbouring pixels cost."),
    ] = 0.0
    precision: Annotated[
        Precision,
        Help("bfloat16 is about twice as fast where the processor has it, and rough."),
    ] = "float32"


@register(
    "caricature",
    title="Caricature",
    group="Imagine",
    live=False,
    recorded=True,
    reference=Reference("Olah et al. 2018", "doi:10.23915/distill.00010"),
)
class Caricature:
    """A picture in which a layer finds the photograph's features, only stronger."""

    Params: ClassVar[type] = CaricatureParams
    shows: ClassVar[str] = (
        "A picture made from noise in which a layer finds what it finds in the "
        "photograph, each at its place, but as strongly as possible."
    )
    reading: ClassVar[str] = (
        "What stands out is what the layer makes of the photograph: fur becomes more "
        "fur, an eye more eye. What the layer does not see is missing."
    )
    misleads: ClassVar[str] = (
        "Strong features push weak ones out, so the picture says what is strongest, "
        "not all that is there. Colours are often the network's, not the photograph's."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 3},
        "free": {"cosine_power": 0.0},
    }

    def run(self, ctx: Context, params: CaricatureParams) -> Iterator[Report]:
        """Yield after each step "picture", as it was scored, and "objective"."""
        info = ctx.model.info
        layer = params.layer or middle(info).name
        look = ctx.model.maps_pass((layer,), ctx.check, params.precision)
        make = partial(Spectrum, ctx.pixels.shape, device=ctx.device)
        mean = ctx.model.mean_colour
        climb = Ascent(make, "adam", look, mean, ctx.generator, ctx.begun)
        while climb.steps < params.steps:
            now: CaricatureParams = ctx.params
            aim = compared(
                look,
                ctx.pixels,
                layer,
                partial(likeness, cosine_power=now.cosine_power),
            )
            rules = StepRules(
                learning_rate=now.learning_rate,
                transforms=fitted(lucid_gentle(now.strength / _PERCENT), info),
                total_variation=now.total_variation,
            )
            climbed = climb.step(aim, rules)
            ctx.step(climb.steps, params.steps, f"step {climb.steps}")
            ctx.keep({"objective": climb.scores[-1]}, climb.state)
            yield climbed_report(
                climb,
                climbed,
                f"what is found in the photograph at {layer}",
                ctx.placement,
            )
